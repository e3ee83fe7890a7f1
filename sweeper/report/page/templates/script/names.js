// What the page says of its values: which names stand where. Sections opt in by attributes:
// a table with [data-side] and [data-top] is a leaderboard; an element with [data-item] is shown or hidden as a whole;
// [data-capability], [data-dataset], [data-model], [data-metric] and [data-sweep] say what it, or all inside, is of.
"use strict";

const AXES = ["capability", "dataset", "model", "metric"];

function ownNames(element) {
  const found = {};
  for (const axis of [...AXES, "sweep"]) {
    const holder = element.closest(`[data-${axis}]`);
    if (holder && holder.dataset[axis] !== "") found[axis] = holder.dataset[axis];
  }
  return found;
}

function boardOf(table) {
  const heads = [...table.tHead.rows[0].cells];
  const figure = table.closest("figure");
  const title = figure.querySelector("figcaption").textContent;
  const own = ownNames(table);
  return {
    table, heads, own,
    element: figure,
    side: table.dataset.side,
    top: table.dataset.top,
    title: `${own.capability || ""} ${title}`.toLowerCase(),
    columns: heads.slice(1).filter((head) => !head.matches(".summary")).map((head) => ({ name: nameOf(head), isShown: true })),
    rows: [...table.tBodies[0].rows].map((row) => ({ row, name: nameOf(row.cells[0]) })),
  };
}

function nameOf(cell) {
  return cell.dataset.name ?? cell.textContent.trim();
}

function panelOf(figure) {
  const series = [...figure.querySelectorAll("[data-series]")].map((line) => ({ line, number: line.dataset.series }));
  const legend = figure.closest("section").querySelector(".legend");
  return { element: figure, own: ownNames(figure), series, legend, title: figure.textContent.toLowerCase() };
}

function itemOf(element) {
  return { element, own: ownNames(element) };
}

function textOf(one) {
  // Reports may be megabytes: their text is gathered when it is first looked for.
  if (one.text === undefined) one.text = ((one.row || one.element).textContent + aroundOf(one)).toLowerCase();
  return one.text;
}

function aroundOf(one) {
  // What several items share, such as the traceback of all failures of one cause, stands beside them.
  const holder = one.element?.closest("[data-context]");
  const beside = holder ? [...holder.children].filter((child) => !child.matches("[data-item]") && !child.querySelector("[data-item]")) : [];
  return beside.map((child) => ` ${child.textContent}`).join("");
}

function addOwn(names, own) {
  for (const axis of AXES) if (own[axis]) addEach(names[axis], own[axis]);
}

function addEach(found, name) {
  for (const one of name.split(" + ")) found.add(one);
}

function addNames(names, board, rows, columns) {
  addOwn(names, board.own);
  if (names[board.side]) for (const one of rows) addEach(names[board.side], one.name);
  if (names[board.top]) for (const one of columns) addEach(names[board.top], one.name);
}

function namesOnPage(boards, items) {
  const names = Object.fromEntries([...AXES, "sweep"].map((axis) => [axis, new Set()]));
  for (const board of boards) addNames(names, board, board.rows, board.columns);
  for (const item of items) {
    addOwn(names, item.own);
    if (item.own.sweep) names.sweep.add(item.own.sweep);
  }
  for (const cell of document.querySelectorAll("td[data-sweep]")) names.sweep.add(cell.dataset.sweep);
  return names;
}
