// A verifier of receipts, in the order of its reading: bytes, file, entry, tree, keys, steps, page.
// Everything is read in its one canonical form; what could be read in two ways is refused.

/** What the page was told when it was made: limits, the form of entries, texts, and names of what is cited. */
const { LIMITS, FORM, WORDS, NAMES } = JSON.parse(document.querySelector("[data-told]").textContent);

/** What does not hold. The reason is a word of `receipt_words.py`; the details are put into its text. */
class Refused extends Error {
  constructor(reason, details = {}) {
    super(reason);
    this.reason = reason;
    this.details = details;
  }
}

/** What could not be checked, which is never taken for something that holds. */
class Unchecked extends Refused {}

const refuse = (reason, details) => {
  throw new Refused(reason, details);
};

const utf8 = (text) => new TextEncoder().encode(text);

/** Reads UTF-8. A byte order mark stays: left out, two different files would read alike. */
function textOf(bytes, reason) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(reason);
  }
}

const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Reads base64. `atob` forgives white space, missing padding and stray bits: writing it back does not. */
function fromBase64(text, reason) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    refuse(reason);
  }
  if (btoa(binary) !== text) refuse(reason);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const same = (one, other) => hex(one) === hex(other);

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Cuts a text at the first separator; the second part is undefined where there is none. */
function cut(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
