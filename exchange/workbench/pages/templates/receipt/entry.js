// The entry: canonical JSON (RFC 8785) with exactly the fields of its version. As audit/canonical.py and
// entry.py read it; which fields there are, the page was told by them when it was made (FORM).

const isText = (value) => typeof value === "string";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const namesOf = (value) => JSON.stringify(Object.keys(value).sort());
const OBLIGATION = namesOf({ id: "", fact: "", effect: "" });

const SHAPES = {
  "str": isText,
  "str | None": (value) => value === null || isText(value),
  "tuple[str, ...]": (value) => Array.isArray(value) && value.every(isText),
  "Mapping[str, str]": (value) => isObject(value) && Object.values(value).every(isText),
  "tuple[AppliedObligation, ...]": (value) =>
    Array.isArray(value) &&
    value.every((o) => isObject(o) && namesOf(o) === OBLIGATION && Object.values(o).every(isText)),
};

function parseEntry(bytes) {
  const text = textOf(bytes, "entry-json");
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    refuse("entry-json");
  }
  if (canonical(document) !== text) refuse("entry-canonical");
  if (!isObject(document) || document.v !== FORM.version) refuse("entry-version", { version: FORM.version });
  const { v, commitments, ...fields } = document;
  const declared = FORM.events.includes(fields.kind) ? FORM.event : FORM.entry;
  if (namesOf(fields) !== namesOf(declared) || !isObject(commitments)) refuse("entry-fields");
  for (const [name, value] of Object.entries(fields)) {
    if (!SHAPES[declared[name]](value)) refuse("entry-field", { name });
  }
  for (const [name, value] of Object.entries(commitments)) {
    if (!FORM.committed.includes(name) || !isText(value) || !/^[0-9a-f]{64}$/.test(value)) {
      refuse("entry-commitment");
    }
  }
  return { fields, commitments, isEvent: declared === FORM.event };
}

/** Writes JSON canonically: a text that differs from it had two names alike, spaces, or another order. */
function canonical(value) {
  if (typeof value === "number" && !Number.isSafeInteger(value)) refuse("entry-canonical");
  if (isText(value) && /\p{Surrogate}/u.test(value)) refuse("entry-canonical");
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  if (names.some((name) => /[^\x00-\x7f]/.test(name))) refuse("entry-canonical");
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`;
}
