// Where the page is served: asks whether there is a newer one, and loads it, with everything as it was left: where it was
// scrolled to, what was opened and how tables were sorted. What is filtered stands in the address.

const PAUSE = 2000;
const KEPT = "sweeper-view";

function sectionOf(element) {
  return element.closest("section[id], header, main")?.id || "";
}

function detailsKey(details) {
  return [sectionOf(details), details.querySelector("summary").textContent.trim()].join("\n");
}

function tableKey(table) {
  const own = ownNames(table);
  const title = table.closest("figure")?.querySelector("figcaption")?.textContent.trim() || "";
  return [own.capability || "", title].join("\n");
}

function placeOf() {
  // The first thing with a name that is in sight, and how far it is from the top: what is above may grow.
  const named = [...document.querySelectorAll("main [id]")].filter((one) => one.getClientRects().length);
  const first = named.find((one) => one.getBoundingClientRect().bottom > 0 && one.getBoundingClientRect().height > 0);
  const inner = [...(first ? first.querySelectorAll("[id]") : [])].find((one) => one.getBoundingClientRect().top >= 0);
  const place = inner || first;
  return window.scrollY > 0 && place ? { id: place.id, top: place.getBoundingClientRect().top } : null;
}

function sortedTables() {
  const heads = [...document.querySelectorAll("table.sortable [aria-sort]")];
  return heads.map((head) => [tableKey(head.closest("table")), nameOf(head), head.getAttribute("aria-sort")]);
}

function keep() {
  const opened = [...document.querySelectorAll("details[open]")].map(detailsKey);
  sessionStorage.setItem(KEPT, JSON.stringify({ opened, sorted: sortedTables(), place: placeOf() }));
}

function sortAgain(tables, [key, column, order]) {
  const table = tables.find((one) => tableKey(one) === key);
  const head = table && [...table.tHead.rows[0].cells].find((one) => nameOf(one) === column);
  for (let click = 0; head && click < 2 && head.getAttribute("aria-sort") !== order; click += 1) {
    head.querySelector("button").click();
  }
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEPT) || "null");
  sessionStorage.removeItem(KEPT);
  if (!kept) return;
  const opened = new Set(kept.opened);
  for (const one of document.querySelectorAll("details")) one.open = one.open || opened.has(detailsKey(one));
  const tables = [...document.querySelectorAll("table.sortable")];
  for (const one of kept.sorted) sortAgain(tables, one);
  const place = kept.place && document.getElementById(kept.place.id);
  if (place) window.scrollBy(0, place.getBoundingClientRect().top - kept.place.top);
}

function isBusy() {
  // Whoever types or marks text is not interrupted; the newer page comes when they are done.
  const field = document.activeElement;
  return (field && field.matches("input, select, textarea")) || !document.getSelection().isCollapsed;
}

function tell(text) {
  let note = document.querySelector(".lost");
  if (!note) {
    note = document.createElement("p");
    note.className = "lost";
    note.setAttribute("role", "status");
    document.querySelector("main header").prepend(note);
  }
  note.textContent = text;
}

async function look() {
  const mark = `"${document.documentElement.dataset.mark}"`;
  const began = performance.now();
  try {
    const answer = await fetch("./", { method: "HEAD", cache: "no-store", headers: { "If-None-Match": mark } });
    tell("");
    if (answer.ok && answer.headers.get("ETag") !== mark && !isBusy()) {
      keep();
      location.reload();
      return;
    }
  } catch {
    tell("`sweeper view` has ended: this page is as it was last, and is not made anew.");
  }
  // A page that takes long to be made is asked for less often: most of the time belongs to the sweep.
  setTimeout(look, Math.max(PAUSE, 4 * (performance.now() - began)));
}

history.scrollRestoration = "manual";
restore();
setTimeout(look, PAUSE);
