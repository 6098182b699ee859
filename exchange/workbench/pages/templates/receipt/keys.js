// What needs a key: the log's signature, and commitments (audit/commitment.py).

/** Tells whether an Ed25519 signature holds. Browsers before 2025 may not know Ed25519. */
async function signatureHolds(key, signature, text) {
  if (!globalThis.crypto?.subtle) throw new Unchecked("no-crypto");
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    if (error.name === "DataError") return false; // no point of the curve
    throw new Unchecked("no-ed25519");
  }
  return crypto.subtle.verify({ name: "Ed25519" }, imported, signature, utf8(text));
}

/** Computes `HMAC-SHA256(key, name ‖ 0x00 ‖ value)` in hexadecimal. */
async function commitment(opening, name, value) {
  if (!globalThis.crypto?.subtle) throw new Unchecked("no-crypto");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", opening, algorithm, false, ["sign"]);
  const data = joined(utf8(name), Uint8Array.of(0), value);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, data)));
}

/** Reads the reader's own values: one object {name, key, value} or a list of them. */
function parseOpenings(text) {
  let given;
  try {
    given = [JSON.parse(text)].flat();
  } catch {
    throw new Unchecked("values-form");
  }
  const read = given.map(parseOpening);
  const names = new Set(read.map((one) => one.name));
  if (!read.length || names.size !== read.length) throw new Unchecked("values-form");
  return read;
}

function parseOpening(given) {
  const { name, key, value, value_base64: encoded, ...more } = isObject(given) ? given : {};
  const texts = [name, key, value ?? encoded];
  const isOne = (value === undefined) !== (encoded === undefined) && !Object.keys(more).length;
  if (!isOne || !texts.every(isText)) throw new Unchecked("values-form");
  try {
    const opening = fromBase64(key, "values-form");
    if (opening.length !== LIMITS.opening) refuse("values-form");
    return { name, opening, value: encoded === undefined ? utf8(value) : fromBase64(encoded, "values-form") };
  } catch {
    throw new Unchecked("values-form");
  }
}
