// Every table as a CSV file, made here: the values as they were measured, not as they are rounded, and only what is shown.

const NUMBER = /^-?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf)$/i;

function field(text) {
  // A spreadsheet takes what begins so for a formula, unless it is a number; an apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(lines) {
  return lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

function shownCells(row) {
  return [...row.cells].filter((cell) => !cell.hidden);
}

function plainLines(table) {
  const rows = [...table.rows].filter((row) => !row.hidden);
  return rows.map((row) => shownCells(row).map((cell) => cell.dataset.value || cell.textContent.trim()));
}

function boardLines(table) {
  // One line for each value: an interval and what is said against a value stand beside it.
  const own = ownNames(table);
  const measure = table.closest("figure").querySelector("figcaption").firstChild.textContent.trim();
  const { side, top } = table.dataset;
  const heads = [...table.tHead.rows[0].cells];
  const isCompared = table.querySelector("td[data-change]") !== null;
  const change = isCompared ? ["difference", "difference_low", "difference_high", "verdict"] : [];
  const lines = [["capability", "measure", side, top, "value", "low", "high", "mark", "note", ...change]];
  for (const row of [...table.tBodies[0].rows].filter((one) => !one.hidden)) {
    for (const cell of shownCells(row).slice(1).filter((one) => !one.matches(".other, .summary"))) {
      const names = [own.capability || "", measure, nameOf(row.cells[0]), nameOf(heads[cell.cellIndex])];
      lines.push([...names, ...valueOf(cell), noteOf(table, cell), ...(isCompared ? changeOf(cell) : [])]);
    }
  }
  return lines;
}

function valueOf(cell) {
  const { value, low, high } = cell.dataset;
  const mark = cell.classList.contains("best") ? "best" : cell.classList.contains("tied") ? "tied" : "";
  const text = cell.firstChild && !cell.classList.contains("end") ? cell.firstChild.textContent.trim() : "";
  return [value || text, low || "", high || "", mark];
}

function changeOf({ dataset }) {
  return [dataset.change, dataset.changeLow, dataset.changeHigh, dataset.verdict].map((one) => one || "");
}

function noteOf(table, cell) {
  if (cell.classList.contains("end")) return cell.textContent.trim();
  const sign = cell.querySelector(".doubt")?.textContent;
  const said = [...table.closest("figure").querySelectorAll(".caveat")];
  const caveat = said.find((one) => one.querySelector(".doubt").textContent === sign);
  const runs = cell.querySelector("small")?.textContent || "";
  return [runs, caveat ? caveat.lastChild.textContent.trim() : ""].filter((one) => one).join("; ");
}

function fileName(title) {
  return `${title.normalize("NFKD").replace(/[^A-Za-z0-9_.@-]+/g, "_").replace(/^[_.]+|_+$/g, "").slice(0, 80) || "table"}.csv`;
}

function save(table, title) {
  const lines = table.matches("[data-side]") ? boardLines(table) : plainLines(table);
  // The mark at the beginning tells spreadsheets that it is UTF-8.
  const address = URL.createObjectURL(new Blob(["\ufeff", csvOf(lines)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(title);
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function offerFile(table) {
  const named = document.getElementById(table.getAttribute("aria-labelledby") || "");
  const heading = table.closest("section, header").querySelector("h1, h2, h3");
  const own = ownNames(table);
  const title = [own.capability, (named || heading).firstChild.textContent.trim()].filter((one) => one).join(" ");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool";
  button.textContent = "CSV";
  button.setAttribute("aria-label", `Save as CSV: ${title}`);
  button.addEventListener("click", () => save(table, title));
  (table.closest(".scroll") || table).after(button);
}

for (const table of document.querySelectorAll("main table")) if (!table.closest(".document")) offerFile(table);
