/** Where the parts meet: one view, kept in the address; whatever changes, the page follows. */

import { byId } from "../dom.js";
import { listen } from "../keys.js";
import { List } from "../list.js";
import { comparison } from "./compare.js";
import { Catalog } from "./data.js";
import { Detail } from "./detail.js";
import { Filters } from "./filters.js";
import { Lists } from "./lists.js";
import { GoneError } from "./parquet.js";
import { kindsOf } from "./rows.js";
import { columnsOf, csv, hand, parquet } from "./save.js";
import { States } from "./states.js";
import { COMPARED_MOST, EVERYTHING, VIEWS, elsewhere, isFiltered, read, write } from "./url.js";

const catalog = new Catalog(new URL("../../catalog-data", import.meta.url).href);
const issuesPage = document.documentElement.dataset.issues;
let view = read(location.search);
let rows = [];
let loading = true;
let typing = false;
let listScroll = 0;

const lists = new Lists(catalog, { arrived: () => refresh({ steady: true }), failed });
const kinds = kindsOf(catalog, () => ({ view, lists }));
const list = new List(byId("list"), queryOf, kinds.models);
const detail = new Detail(byId("detail"), { close: () => close(), toggle: () => compare(view.open), queryOf: detailQuery, failed });
const states = new States({ clear: () => go({ ...EVERYTHING, view: view.view, open: view.open, compare: view.compare }),
  drop: (name) => go({ [name]: "" }), again: () => location.reload() });
const filters = new Filters({ form: byId("filters"), search: byId("search"), sort: byId("sort"), changed: (patch, how) => go(patch, how) });

/** The address of what a row of the list opens. */
function queryOf(row) {
  if (view.view === "tasks") return write(elsewhere(view, { task: lists.tasks.ids[row], sort: "rank" }));
  if (view.view === "movers") return write({ ...view, open: lists.movers.rows.model_id[row] });
  return write({ ...view, open: kinds[view.view].id(row) });
}

/** The address of what a link in the opened thing leads to; another model keeps the list. */
function detailQuery(patch) {
  const { open, ...more } = patch;
  return write(open && !Object.keys(more).length ? { ...view, open } : elsewhere(view, patch));
}

/** Show another view, as a new entry of the history; letters of one search share an entry. */
function go(patch, { typing: types = false, replace = false } = {}) {
  const next = { ...view, ...patch };
  if (write(next) === write(view)) return;
  history[replace || (types && typing) ? "replaceState" : "pushState"](null, "", write(next));
  typing = types;
  arrive(next);
}

function arrive(next) {
  const listed = write({ ...view, open: "", compare: [] }) !== write({ ...next, open: "", compare: [] });
  view = next;
  refresh({});
  if (listed && !next.open) scrollTo({ top: Math.min(scrollY, byId("list").offsetTop) });
}

/** Bring everything on the screen up to the view and to what is loaded. */
function refresh({ steady = false }) {
  if (!catalog.manifest) return;
  const start = performance.now();
  lists.need(view);
  const chosen = lists.chosen(view);
  rows = chosen.rows;
  const waits = loading || lists.isMissing(view);
  showCompared();
  showOpened();
  filters.fill(catalog, lists.tasks);
  filters.show(view);
  filters.count(chosen.counts);
  tabs();
  states.chips(view, { paper: lists.papers?.rows.title?.[lists.papers.places.get(view.paper)] });
  list.use(kinds[view.view] ?? kinds.models);
  list.show(view.view === "compare" ? [] : rows, { open: view.open, steady });
  states.result({ view, shown: rows.length, total: chosen.total, loading: waits, of: catalog.manifest.of, kept: catalog.manifest.models });
  for (const button of document.querySelectorAll("[data-save]")) button.disabled = waits || !rows.length;
  byId("clear").hidden = !isFiltered(view);
  performance.measure("assay:refresh", { start });
}

function tabs() {
  for (const link of byId("tabs").querySelectorAll("a")) {
    const name = link.dataset.view;
    link.href = write(elsewhere(view, { view: name }));
    if (name === view.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (name === "compare") link.textContent = view.compare.length ? `Compare (${view.compare.length})` : "Compare";
  }
  const current = byId("tabs").querySelector("[aria-current]"); // in view on a phone, too
  byId("tabs").scrollLeft = current.offsetLeft + current.offsetWidth > byId("tabs").clientWidth ? current.offsetLeft : 0;
}

function showCompared() {
  const isShown = view.view === "compare" && rows.length > 0;
  byId("compared").hidden = !isShown;
  byId("compared").replaceChildren(...(isShown
    ? [comparison(catalog, view.compare, lists.tasks, { queryOf: (id) => write(elsewhere(view, { open: id })), remove: compare })] : []));
}

function showOpened() {
  const reading = Boolean(view.open);
  const was = document.body.classList.contains("reading");
  if (reading && !was) listScroll = scrollY;
  document.body.classList.toggle("reading", reading);
  if (reading) opened();
  else detail.hide();
  document.title = `${reading ? `${detail.title.textContent.slice(0, 120)} · ` : ""}${VIEWS[view.view]} · Assay`;
  if (reading && !was && byId("list").offsetParent === null) scrollTo({ top: 0 });
  if (!reading && was) scrollTo({ top: listScroll });
}

function opened() {
  const things = { datasets: lists.datasets, papers: lists.papers };
  if (view.view in things) {
    const place = things[view.view]?.places.get(view.open);
    if (place !== undefined) detail.thing(catalog, view.view, things[view.view], place);
    else if (things[view.view]) detail.say("Not in the catalog", "No listed model names it, or the address is not right.");
    else detail.say("Loading…");
    return;
  }
  const place = catalog.place(view.open);
  const compared = view.compare.includes(view.open);
  if (place >= 0) {
    const key = `${view.open} ${loading} ${catalog.complaints.size} ${write({ ...view, open: "", compare: [] })}`;
    detail.model(catalog, place, key, { compared, issues: issuesPage });
  } else if (loading) detail.say("Loading…");
  else detail.say("This model is not listed", "No listing shows it now, or the address is not right.");
}

function openRow(row, how) {
  go(read(new URL(queryOf(row), location.href).search), how);
  if (view.open) detail.focus();
}

/** Put a model into the comparison, or take it out. */
function compare(id) {
  if (!id) return false;
  const others = view.compare.filter((one) => one !== id);
  const isIn = others.length < view.compare.length;
  go({ compare: isIn ? others : [...others.slice(1 - COMPARED_MOST), id] }, { replace: true });
  return true;
}

function compareFocused() {
  if (!["models", "movers"].includes(view.view)) return false;
  const row = rows[list.place];
  return compare(row === undefined ? view.open : view.view === "models" ? kinds.models.id(row) : lists.movers.rows.model_id[row]);
}

function close() {
  if (byId("side").classList.contains("open")) return toggleSide(false);
  if (document.activeElement === byId("search")) {
    if (view.q) return go({ q: "" });
    return byId("search").blur();
  }
  const { open: id } = view;
  if (!id) return false;
  go({ open: "" });
  if (list.places.has(id)) list.focus(list.places.get(id));
  return true;
}

function step(by) {
  const place = list.place + by;
  const inList = document.activeElement?.closest?.(".row");
  if (view.open && !inList && rows[place] !== undefined && !["tasks", "movers"].includes(view.view)) {
    openRow(rows[place], { replace: true });
    list.reveal(kinds[view.view].id(rows[place]));
  } else list.focus(place);
}

function toggleSide(on) {
  byId("side").classList.toggle("open", on);
  byId("side-toggle").setAttribute("aria-expanded", String(on));
}

/** Follow a link to another view of this page without loading the page again. */
function withinPage(event) {
  const toggle = event.target.closest(".row-more");
  if (toggle) return void compare(kinds.models.id(rows[rowOf(toggle)]));
  const link = event.target.closest("a");
  if (!link || link.target || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== location.pathname || url.hash) return;
  event.preventDefault();
  go(read(url.search));
  if (view.open && !link.closest("#tabs")) detail.focus();
}

const rowOf = (element) => Number(element.closest(".row").getAttribute("aria-posinset")) - 1;

async function save(kind) {
  const shown = view.view === "compare" ? "models" : view.view;
  const columns = columnsOf(shown, catalog, lists);
  const name = `assay-${view.view}`;
  if (kind === "csv") hand(`${name}.csv`, csv(columns, rows), "text/csv;charset=utf-8");
  else hand(`${name}.parquet`, await parquet(columns, rows), "application/vnd.apache.parquet");
}

/** Say what went wrong; a version that is gone was renewed, which is no failure. */
async function failed(error) {
  const renewed = error instanceof GoneError && catalog.manifest && (await catalog.isRenewed().catch(() => false));
  if (renewed) states.banner("The catalog was renewed meanwhile.", "Load the new one");
  else if (!catalog.manifest && error instanceof GoneError) {
    states.failed("No catalog is here yet", "`make catalog` writes it, and so does `make run`.");
  } else if (catalog.loaded) states.banner("A part of the catalog could not be loaded.", "Load it again");
  else states.failed("The catalog could not be loaded", "The server does not answer, or a file is damaged.", "Try again");
}

async function load() {
  try {
    await catalog.open();
    if (!issuesPage) byId("to-issues").hidden = true;
    byId("as-of").textContent = catalog.manifest.last_day ? `as of ${catalog.manifest.last_day}` : "";
    await catalog.loadModels((isFirst) => {
      loading = catalog.loaded < catalog.manifest.models;
      // What comes between the first models and the last would only move what a person reads.
      if (isFirst || !loading) refresh({ steady: true });
    });
    loading = false;
    await catalog.loadComplaints();
    refresh({ steady: true });
    await catalog.loadSparks(() => list.draw());
    if (view.view === "compare") refresh({ steady: true });
  } catch (error) {
    await failed(error);
  }
}

addEventListener("click", withinPage);
addEventListener("popstate", () => {
  typing = false;
  arrive(read(location.search));
});
byId("clear").addEventListener("click", () => states.clear());
byId("side-toggle").addEventListener("click", () => toggleSide(!byId("side").classList.contains("open")));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  list.focus(0);
});
for (const button of document.querySelectorAll("[data-save]")) {
  button.addEventListener("click", () => save(button.dataset.save).catch(failed));
}
listen({
  step, close,
  edge: (first) => list.focus(first ? 0 : rows.length - 1),
  open: () => (rows[list.place] === undefined ? false : openRow(rows[list.place])),
  search: () => {
    if (byId("search").offsetParent === null) go({ open: "" });
    byId("search").focus();
    byId("search").select();
  },
  more: { c: compareFocused },
}, byId("keys"));
load();
