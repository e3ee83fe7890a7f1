// A click on the head of a column sorts its table: the best first, then the other way round. What is missing stays last.

function sortBy(table, heads, head) {
  const column = heads.indexOf(head);
  const other = { ascending: "descending", descending: "ascending" };
  const order = other[head.getAttribute("aria-sort")] || head.dataset.first || "ascending";
  const sign = order === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
  keyed.sort((a, b) => (a.key === null) - (b.key === null) || (a.key === null ? 0 : sign * compare(a.key, b.key)));
  body.append(...keyed.map((one) => one.row));
  for (const one of heads) one.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
}

function keyOf(cell) {
  if (cell.dataset.value === undefined) return cell.textContent.trim();
  return cell.dataset.value === "" ? null : Number(cell.dataset.value.replace("inf", "Infinity"));
}

function compare(a, b) {
  if (typeof a === "string") return a.localeCompare(b, undefined, { numeric: true });
  return a === b ? 0 : a < b ? -1 : 1;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => sortBy(table, heads, head));
  }
}
