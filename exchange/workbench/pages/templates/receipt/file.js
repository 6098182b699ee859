// The receipt's file (c2sp.org/tlog-proof), the signed note in it (signed-note), the checkpoint in that
// (tlog-checkpoint), and the log's key (vkey). As audit/proof_file.py, note.py and checkpoint.py read them.

const HEADER = "c2sp.org/tlog-proof@v1";
const DASH = "\u2014 ";
const ED25519 = 1;
const HASH_SIZE = 32;
const KEY_ID_SIZE = 4;
const NUMBER = /^(0|[1-9][0-9]{0,18})$/;
// What may name a key: nothing that is invisible or a space, and no plus sign.
const KEY_NAME = /^[^+\p{C}\p{Z}]+$/u;
// What Python strips from a line; `trim` would also take a byte order mark.
const SPACE = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const AROUND = new RegExp(`^${SPACE}|${SPACE}$`, "g");

function parseReceipt(bytes) {
  if (bytes.length > LIMITS.file) refuse("file-large", { limit: LIMITS.file });
  const text = textOf(bytes, "file-utf8");
  if (text.includes("\r")) refuse("file-line-ends");
  const [head, signed] = cut(text, "\n\n");
  const lines = head.split("\n");
  if (signed === undefined || lines.shift() !== HEADER) refuse("file-header", { header: HEADER });
  const carried = lines[0]?.startsWith("extra ") ? lines.shift().slice("extra ".length) : undefined;
  const [word, number, ...rest] = (lines.shift() ?? "").split(" ");
  if (word !== "index" || rest.length || !NUMBER.test(number ?? "")) refuse("file-index");
  const hashes = lines.map((line) => fromBase64(line, "file-base64"));
  const isPath = hashes.length <= LIMITS.hashes && hashes.every((hash) => hash.length === HASH_SIZE);
  if (!isPath) refuse("file-hashes", { limit: LIMITS.hashes });
  if (carried === undefined) refuse("file-no-entry");
  const note = parseNote(signed);
  const checkpoint = parseCheckpoint(note.text);
  return { index: BigInt(number), hashes, entry: fromBase64(carried, "file-base64"), note, checkpoint };
}

function parseNote(data) {
  if (/[\x00-\x09\x0b-\x1f\p{Surrogate}]/u.test(data)) refuse("note-characters");
  const at = data.lastIndexOf("\n\n");
  const tail = data.slice(at + 2);
  if (at < 0 || !tail.endsWith("\n")) refuse("note-form");
  const lines = tail.slice(0, -1).split("\n");
  if (lines.length > LIMITS.signatures) refuse("note-signatures", { limit: LIMITS.signatures });
  return { text: data.slice(0, at + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  if (!line.startsWith(DASH)) refuse("note-line");
  const [name, encoded] = cut(line.slice(DASH.length), " ");
  const bytes = fromBase64(encoded ?? "", "note-line");
  if (!KEY_NAME.test(name) || bytes.length <= KEY_ID_SIZE) refuse("note-line");
  return { name, keyId: bytes.slice(0, KEY_ID_SIZE), signature: bytes.slice(KEY_ID_SIZE) };
}

function parseCheckpoint(text) {
  const [origin, size, encoded, ...end] = text.split("\n");
  if (!origin || end.length !== 1 || end[0]) refuse("checkpoint-lines");
  if (!NUMBER.test(size)) refuse("checkpoint-size");
  const root = fromBase64(encoded, "checkpoint-root");
  if (root.length !== HASH_SIZE) refuse("checkpoint-root");
  return { origin, size: BigInt(size), root };
}

async function parseVkey(text) {
  const [name, rest = ""] = cut(text.replace(AROUND, ""), "+");
  const [keyId, encoded = ""] = cut(rest, "+");
  const typed = fromBase64(encoded, "key-form");
  if (!KEY_NAME.test(name) || typed.length !== 1 + HASH_SIZE || typed[0] !== ED25519) refuse("key-form");
  const digest = await sha256(utf8(name), utf8("\n"), typed);
  if (hex(digest.slice(0, KEY_ID_SIZE)) !== keyId) refuse("key-id");
  return { name, keyId: digest.slice(0, KEY_ID_SIZE), key: typed.slice(1) };
}
