// What the steps found, shown. All that a receipt says is set as text, never as markup.

const result = document.querySelector("[data-result]");
const parts = Object.fromEntries(
  [...result.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]),
);
const status = document.querySelector("[data-status]");
const TONES = {
  ...{ good: "good", bad: "bad", open: "warn", unreached: "plain" },
  ...{ same: "good", different: "bad", sealed: "plain" },
};

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A text in both languages, of which the reader's choice may hide one. */
function told({ en, da }, details = {}, layout = "two") {
  const filled = (text) => text.replaceAll(/\{(\w+)\}/g, (_, name) => String(details[name]));
  if (en === da) return make("span", {}, filled(en));
  const danish = make("span", { lang: "da" }, filled(da));
  const english = make("span", { lang: "en" }, filled(en));
  if (layout === "two") return make("span", { class: "two" }, danish, english);
  const between = make("span", { class: "and", "aria-hidden": "true" }, " · ");
  return make("span", { class: "one" }, danish, between, english);
}

const label = (text) => told(text, {}, "one");
const code = (text) => make("code", {}, text);
const tag = (state) => make("span", { class: `tag ${TONES[state]}` }, label(WORDS.states[state]));

function facts(...rows) {
  const shown = rows.map(([name, ...values]) =>
    make("div", {}, make("dt", {}, label(name)), make("dd", {}, ...values)),
  );
  return make("dl", { class: "facts" }, ...shown);
}

function show({ verdict, steps, seen }) {
  const words = WORDS.verdicts[verdict];
  result.dataset.verdict = verdict;
  parts.verdict.replaceChildren(told(words.title));
  parts.why.replaceChildren(...why(verdict, steps, seen));
  parts.steps.replaceChildren(...steps.map((step) => shownStep(step, seen)));
  parts.said.hidden = !seen.entry;
  if (seen.entry) {
    const { commitments } = seen.entry;
    parts.claim.replaceChildren(told(words.claim));
    parts.entry.replaceChildren(shownEntry(seen.entry));
    parts.sealed.replaceChildren(...Object.entries(commitments).map((one) => shownSealed(one, seen.values)));
    parts.nothing.hidden = Object.keys(commitments).length > 0;
  }
  result.hidden = false;
  status.replaceChildren(told(words.title));
  result.scrollIntoView({ block: "nearest" });
}

function why(verdict, steps, seen) {
  if (verdict === "holds") {
    const { index, checkpoint } = seen.file;
    return [told(WORDS.held, { index, size: checkpoint.size, origin: checkpoint.origin })];
  }
  const first = steps.find((step) => step.state === (verdict === "open" ? "open" : "bad"));
  const { title } = WORDS.steps[first.name];
  const { en, da } = WORDS.first[first.state];
  const where = { en: en.replace("{title}", title.en), da: da.replace("{title}", title.da) };
  return [make("strong", {}, told(where)), told(WORDS.reasons[first.reason], first.details)];
}

function shownStep({ name, state, reason, details }, seen) {
  const words = WORDS.steps[name];
  const item = make("li", { "data-step": name, "data-state": state });
  item.append(make("h3", {}, label(words.title), " ", tag(state)));
  if (state === "unreached") return item;
  item.append(make("p", {}, told(reason ? WORDS.reasons[reason] : words.good, details)));
  if (Object.hasOwn(SHOWN, name)) item.append(...SHOWN[name](seen));
  return item;
}

/** What a step found, as far as it came. */
const SHOWN = {
  file({ file }) {
    if (!file) return [];
    const { origin, size } = file.checkpoint;
    const { origin: log, index, size: entries } = WORDS.facts;
    return [facts([log, code(origin)], [index, String(file.index)], [entries, String(size)])];
  },
  leaf({ leaf }) {
    return leaf ? [facts([WORDS.facts.leaf, code(hex(leaf))])] : [];
  },
  inclusion({ file, leaf, levels }) {
    if (!leaf) return [];
    const root = facts([WORDS.facts.root, code(hex(file.checkpoint.root))]);
    const climbed = levels.map(({ sibling, siblingIsLeft, joint }) => {
      const side = siblingIsLeft ? WORDS.facts.left : WORDS.facts.right;
      return make("li", {}, label(side), code(hex(sibling)), label(WORDS.facts.joint), code(hex(joint)));
    });
    if (!climbed.length) return [root];
    const summary = make("summary", {}, label(WORDS.facts.levels), ` (${levels.length})`);
    return [root, make("details", {}, summary, make("ol", { class: "levels" }, ...climbed))];
  },
  key({ key }) {
    return key ? [facts([WORDS.facts.key, code(`${key.name}+${hex(key.keyId)}`)])] : [];
  },
  signature({ file, signed }) {
    const others = file.note.signatures.filter((one) => !signed.includes(one));
    if (!signed.length || !others.length) return [];
    const items = others.map((one) => make("li", {}, code(`${one.name}+${hex(one.keyId)}`)));
    return [make("p", {}, told(WORDS.facts.others)), make("ul", {}, ...items)];
  },
};

function shownEntry({ fields, isEvent }) {
  const labels = isEvent ? WORDS.event : WORDS.entry;
  const names = new Set([...Object.keys(labels), ...Object.keys(fields)]);
  const rows = [...names]
    .filter((name) => fields[name]?.length !== 0 && fields[name] !== null)
    .map((name) => [labels[name] ?? plain(name), shownValue(name, fields[name])]);
  return facts(...rows);
}

function shownValue(name, value) {
  if (name === "obligations") {
    const duty = ({ id, fact, effect }) =>
      make("li", {}, label(named("effect", effect) ?? plain(effect)), code(fact ? `${id}: ${fact}` : id));
    return make("ul", {}, ...value.map(duty));
  }
  if (Array.isArray(value)) return make("ul", {}, ...value.map((one) => make("li", {}, code(one))));
  if (isObject(value)) return facts(...Object.entries(value).map(([key, one]) => [plain(key), code(one)]));
  const words = named(name, value);
  if (!words) return code(value);
  return make("span", {}, told(words), ...(words.en === value ? [] : [code(value)]));
}

const plain = (text) => ({ en: text, da: text });

/** The name that people know, where the page was told one when it was made. */
function named(field, value) {
  const table = NAMES[FORM.names[field]] ?? {};
  return Object.hasOwn(table, value) ? table[value] : undefined;
}

function shownSealed([name, digest], compared) {
  const state = { undefined: "sealed", true: "same", false: "different" }[compared.get(name)];
  return make("li", {}, label(WORDS.committed[name]), " ", code(name), " ", tag(state), code(digest));
}
