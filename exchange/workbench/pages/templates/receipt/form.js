// What the reader gives: a receipt, the log's key, values of their own. Nothing is kept, nothing is sent.

const form = document.querySelector("[data-receipt]");
const { chosen, pasted, vkey, openings } = form.elements;
let latest = 0; // only the newest of several examinations is shown

async function verify() {
  const [file] = chosen.files;
  if (!file && !pasted.value) {
    chosen.setCustomValidity(`${WORDS.nothing.da} · ${WORDS.nothing.en}`);
    chosen.reportValidity();
    return;
  }
  const number = ++latest;
  const text = pasted.value;
  // One byte beyond the limit is enough to see that a file is too large.
  const bytes = async () => new Uint8Array(await file.slice(0, LIMITS.file + 1).arrayBuffer());
  const receipt = file ? bytes : () => utf8(text);
  const found = await examine({ receipt, vkey: vkey.value, openings: openings.value });
  if (number === latest) show(found);
}

/** A verdict is about what stands in the form, so it goes when that changes. */
function forget() {
  latest += 1;
  chosen.setCustomValidity("");
  result.hidden = true;
  delete result.dataset.verdict;
  status.replaceChildren();
}

function take() {
  if (!chosen.files.length) return;
  pasted.value = "";
  verify();
}

form.addEventListener("input", forget);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  verify();
});
chosen.addEventListener("change", take);
pasted.addEventListener("input", () => {
  chosen.value = "";
});
// A file may be dropped anywhere: outside a target the browser would leave the page and open it.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  forget();
  chosen.files = event.dataTransfer.files;
  take();
});
form.hidden = false;
