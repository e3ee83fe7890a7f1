// The filter: what does not fit is hidden, how much is left is said, and the address holds it, so that it can be sent.

const FIELDS = [...AXES, "sweep", "text"];

function showBoard(board, tests, state) {
  const fits = (axis) => axis === board.side || axis === board.top || (axis in board.own && tests[axis](board.own[axis]));
  const isFitting = AXES.every((axis) => !tests[axis] || fits(axis));
  const byName = (axis, name) => !tests[axis] || tests[axis](name);
  let rows = isFitting ? board.rows.filter((one) => byName(board.side, one.name)) : [];
  let columns = board.columns.filter((one) => byName(board.top, one.name));
  if (state.text && !board.title.includes(state.text)) [rows, columns] = withText(rows, columns, state.text);
  showColumns(board, new Set(columns));
  if (board.hasSweeps) rows = rows.filter((one) => showSweep(board, one, columns, state.sweep));
  else if (state.sweep && board.own.sweep !== state.sweep) rows = [];
  const shown = new Set(columns.length ? rows : []);
  for (const one of board.rows) one.row.hidden = !shown.has(one);
  board.element.hidden = shown.size === 0;
  return { rows: shown, columns };
}

function withText(rows, columns, text) {
  const found = rows.filter((one) => textOf(one).includes(text));
  if (found.length) return [found, columns];
  const along = columns.filter((one) => one.name.toLowerCase().includes(text));
  return [along.length ? rows : [], along];
}

function showColumns(board, wanted) {
  board.columns.forEach((column, place) => {
    const isShown = wanted.has(column);
    if (column.isShown === isShown) return;
    column.isShown = isShown;
    for (const row of board.table.rows) row.cells[place + 1].hidden = !isShown;
  });
  // A mean over all columns says nothing of those that are left.
  const isWhole = wanted.size === board.columns.length;
  for (const cell of board.table.querySelectorAll(".summary")) cell.hidden = !isWhole;
}

function showSweep(board, one, columns, sweep) {
  // A value of another sweep leaves its place empty: its row and its column may have values of this one.
  let count = 0;
  for (const column of columns) {
    const cell = one.row.cells[board.columns.indexOf(column) + 1];
    const isOther = Boolean(sweep) && cell.dataset.sweep !== sweep;
    cell.classList.toggle("other", isOther);
    count += !isOther;
  }
  return count > 0;
}

function showItem(item, tests, state) {
  const isFitting = AXES.every((axis) => !tests[axis] || (axis in item.own && tests[axis](item.own[axis])));
  const isOfSweep = !state.sweep || item.own.sweep === undefined || item.own.sweep === state.sweep;
  item.element.hidden = !(isFitting && isOfSweep && (!state.text || textOf(item).includes(state.text)));
  return !item.element.hidden;
}

function showPanel(panel, tests, state) {
  const fits = (axis) => axis === "model" || !(axis in panel.own) || tests[axis](panel.own[axis]);
  const models = new Map();
  for (const entry of panel.legend ? panel.legend.querySelectorAll("[data-series]") : []) {
    const isShown = !tests.model || tests.model(entry.dataset.name);
    entry.hidden = !isShown;
    models.set(entry.dataset.series, isShown);
  }
  for (const { line, number } of panel.series) line.style.display = models.get(number) === false ? "none" : "";
  const hasModel = !tests.model || [...models.values()].includes(true);
  const isFitting = hasModel && AXES.every((axis) => !tests[axis] || fits(axis));
  panel.element.hidden = !(isFitting && (!state.text || panel.title.includes(state.text) || panel.series.length > 0));
  return !panel.element.hidden;
}

function hideEmpty(main, tracked) {
  // What holds nothing that is shown is hidden with its heading; a whole chapter says that nothing is left of it.
  const holders = new Map();
  for (const one of tracked) {
    for (let at = one.element.parentElement; at && at !== main; at = at.parentElement) {
      if (!at.matches("section, table, details")) continue;
      holders.set(at, holders.get(at) || !one.element.hidden);
    }
  }
  for (const [holder, hasSome] of holders) {
    if (holder.parentElement === main) holder.classList.toggle("nothing", !hasSome);
    else holder.hidden = !hasSome;
    for (const link of document.querySelectorAll("nav a")) {
      if (holder.id && link.hash === `#${holder.id}`) link.parentElement.hidden = holder.hidden;
    }
  }
}

function counted(count, total, one, many) {
  return total ? [`${count.toLocaleString("en")} of ${total.toLocaleString("en")} ${total === 1 ? one : many}`] : [];
}

function startFilter(box) {
  const main = document.getElementById("main");
  const boards = [...document.querySelectorAll("table[data-side]")].map(boardOf);
  const panels = [...document.querySelectorAll("figure.panel")].map(panelOf);
  const items = [...document.querySelectorAll("[data-item]")].map(itemOf);
  const names = namesOnPage(boards, items);
  for (const board of boards) board.hasSweeps = board.table.querySelector("td[data-sweep]") !== null;
  const fields = new Map(FIELDS.map((name) => [name, box.querySelector(`[name="${name}"]`)]));
  offerNames(fields, names);
  const status = box.querySelector("output");
  const clear = box.querySelector("button");
  const everything = status.textContent;

  const read = () => Object.fromEntries([...fields].map(([name, field]) => [name, field.value.trim()]));

  function apply() {
    const state = read();
    const isFiltered = FIELDS.some((name) => state[name]);
    const tests = {};
    for (const axis of AXES) if (pieces(state[axis]).length) tests[axis] = matcher(state[axis], names[axis]);
    state.text = state.text.toLowerCase();
    const seen = Object.fromEntries(AXES.map((axis) => [axis, new Set()]));
    for (const board of boards) note(board, showBoard(board, tests, state), seen);
    const shown = items.filter((item) => showItem(item, tests, state));
    for (const item of shown) addOwn(seen, item.own);
    for (const panel of panels) showPanel(panel, tests, state);
    hideEmpty(main, [...boards, ...panels, ...items]);
    status.textContent = isFiltered ? told(seen, shown.length) : everything;
    clear.hidden = !isFiltered;
  }

  function note(board, { rows, columns }, seen) {
    if (!rows.size) return;
    addNames(seen, board, rows, columns);
  }

  function told(seen, shown) {
    const tables = boards.filter((board) => !board.element.hidden);
    const said = [
      ...counted(seen.model.size, names.model.size, "model", "models"),
      ...counted(seen.dataset.size, names.dataset.size, "dataset", "datasets"),
      ...counted(seen.metric.size, names.metric.size, "metric", "metrics"),
      ...counted(seen.capability.size, names.capability.size, "capability", "capabilities"),
      ...counted(tables.length, boards.length, "leaderboard", "leaderboards"),
      ...counted(shown, items.length, "other entry", "other entries"),
    ];
    return `Shown: ${said.join(", ")}. Marks and shades are those among all.`;
  }

  function toAddress() {
    const state = Object.entries(read()).filter(([, value]) => value);
    const anchor = anchorOf(location.hash);
    const all = [...(anchor ? [encodeURIComponent(anchor)] : []), ...(state.length ? [`${new URLSearchParams(state)}`] : [])];
    history.replaceState(null, "", all.length ? `#${all.join("&")}` : location.pathname + location.search);
  }

  function fromAddress({ isNew }) {
    const given = filtersIn(location.hash);
    // A link within the page names a place alone: the filter stays, and the address says both.
    if (isNew || given.size || location.hash.length < 2) {
      for (const [name, field] of fields) setField(field, given.get(name) || "");
      apply();
    } else toAddress();
    if (given.size) document.getElementById(anchorOf(location.hash))?.scrollIntoView();
  }

  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { apply(); toAddress(); }, 120);
  };
  for (const field of fields.values()) for (const kind of ["input", "change"]) field.addEventListener(kind, later);
  clear.addEventListener("click", () => {
    for (const field of fields.values()) field.value = "";
    apply();
    toAddress();
    fields.get("text").focus();
  });
  window.addEventListener("hashchange", () => fromAddress({ isNew: false }));
  box.hidden = false;
  if (filtersIn(location.hash).size) fromAddress({ isNew: true });
}

function offerNames(fields, names) {
  for (const axis of AXES) {
    const field = fields.get(axis);
    for (const name of names[axis]) field.list.append(new Option(name, name));
    field.closest("label").hidden = names[axis].size < 2;
  }
  const sweeps = fields.get("sweep");
  for (const name of names.sweep) sweeps.append(new Option(name, name));
  sweeps.closest("label").hidden = names.sweep.size < 2;
}

function setField(field, value) {
  field.value = value;
  if (value) field.closest("label").hidden = false;
}

function anchorOf(hash) {
  const [first] = hash.slice(1).split("&");
  try {
    return first.includes("=") ? "" : decodeURIComponent(first);
  } catch {
    return "";
  }
}

function filtersIn(hash) {
  const given = new URLSearchParams(hash.slice(1));
  return new Map([...given].filter(([name, value]) => FIELDS.includes(name) && value));
}

const filterBox = document.getElementById("filter");
if (filterBox) startFilter(filterBox);
