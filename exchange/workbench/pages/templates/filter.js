// Hides rows that lack a word of the search. Without this script the page shows every row.
for (const filter of document.querySelectorAll("[data-filter]")) {
  const rows = [...document.querySelectorAll("[data-row]")].map((row) => [row, row.textContent.toLowerCase()]);
  const groups = document.querySelectorAll("[data-group]");
  const count = filter.querySelector("output");
  const input = filter.querySelector("input");
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-row]:not([hidden])");
    count.value = `${shown} / ${rows.length}`;
  };
  input.addEventListener("input", apply);
  filter.hidden = false;
  apply();
}
