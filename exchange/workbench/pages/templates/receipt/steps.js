// The steps, in the order in which each rests on the ones before it. The first that fails ends them; one
// that cannot be done leaves the verdict open.

async function examine({ receipt, vkey, openings }) {
  const seen = { levels: [], values: new Map(), signed: [] };
  const steps = [];
  let failed = false;
  for (const [name, act] of Object.entries(plan(seen, receipt, vkey, openings))) {
    const step = { name, state: failed ? "unreached" : "good", reason: undefined, details: {} };
    steps.push(step);
    if (failed) continue;
    try {
      await act();
    } catch (error) {
      // Whatever else went wrong, e.g. too little memory: it was not shown to hold.
      const known = error instanceof Refused ? error : new Refused("unexpected", { error: String(error) });
      Object.assign(step, { state: "bad", reason: known.reason, details: known.details });
      if (known instanceof Unchecked) step.state = "open";
      failed = step.state === "bad";
    }
  }
  return { verdict: verdictOf(steps), steps, seen };
}

function verdictOf(steps) {
  const open = steps.some((step) => step.state === "open");
  const bad = steps.find((step) => step.state === "bad");
  if (bad) return bad.name === "values" && !open ? "differs" : "fails";
  return open ? "open" : "holds";
}

function plan(seen, receipt, vkey, openings) {
  const steps = {
    async file() {
      seen.file = parseReceipt(await receipt());
    },
    entry() {
      seen.entry = parseEntry(seen.file.entry);
    },
    async leaf() {
      seen.leaf = await leafHash(seen.file.entry);
    },
    async inclusion() {
      const { index, hashes, checkpoint } = seen.file;
      const { levels, root } = await climb(seen.leaf, index, checkpoint.size, hashes);
      seen.levels = levels;
      if (!same(root, checkpoint.root)) refuse("path-root");
    },
    async key() {
      if (!vkey.replace(AROUND, "")) throw new Unchecked("no-key");
      seen.key = await parseVkey(vkey);
      const { origin } = seen.file.checkpoint;
      if (origin !== seen.key.name) refuse("key-origin", { origin, name: seen.key.name });
    },
    async signature() {
      if (!seen.key) throw new Unchecked("no-key");
      const { signatures, text } = seen.file.note;
      const ours = signatures.filter((s) => s.name === seen.key.name && same(s.keyId, seen.key.keyId));
      if (!ours.length) refuse("signature-none", { name: seen.key.name, id: hex(seen.key.keyId) });
      for (const { signature } of ours) {
        const holds = await signatureHolds(seen.key.key, signature, text);
        if (!holds) refuse("signature-bad", { name: seen.key.name });
      }
      seen.signed = ours;
    },
  };
  if (openings.replace(AROUND, "")) steps.values = () => compareValues(seen, openings);
  return steps;
}

async function compareValues(seen, openings) {
  const { commitments } = seen.entry;
  for (const { name, opening, value } of parseOpenings(openings)) {
    if (!Object.hasOwn(commitments, name)) refuse("values-unknown", { name });
    seen.values.set(name, (await commitment(opening, name, value)) === commitments[name]);
  }
  const different = [...seen.values].filter(([, holds]) => !holds).map(([name]) => name);
  if (different.length) refuse("values-differ", { names: different.join(", ") });
}
