// The tree (RFC 9162 section 2.1), as audit/merkle.py climbs it. Numbers of entries are BigInt: a log may
// outgrow what JavaScript counts exactly.

async function sha256(...parts) {
  if (!globalThis.crypto?.subtle) throw new Unchecked("no-crypto");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

const leafHash = (entry) => sha256(LEAF, entry);

/** Climbs from a leaf to the root; gives each level's sibling, its side, and what the two join to. */
async function climb(leaf, index, size, hashes) {
  if (index >= size) refuse("path-beyond", { index, size });
  const inner = bits(index ^ (size - 1n)).length;
  const onTheEdge = bits(index >> BigInt(inner)).replaceAll("0", "").length;
  if (hashes.length !== inner + onTheEdge) refuse("path-length", { hashes: hashes.length });
  const levels = [];
  let joint = leaf;
  for (const [level, sibling] of hashes.entries()) {
    const siblingIsLeft = level >= inner || ((index >> BigInt(level)) & 1n) === 1n;
    joint = await (siblingIsLeft ? sha256(NODE, sibling, joint) : sha256(NODE, joint, sibling));
    levels.push({ sibling, siblingIsLeft, joint });
  }
  return { levels, root: joint };
}

const bits = (number) => (number === 0n ? "" : number.toString(2));
