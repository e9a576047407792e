/** Where the parts meet: one view, kept in the address; whatever changes, the page follows. */

import { Api } from "./api.js";
import { learn, named } from "./categories.js";
import { Correct } from "./correct.js";
import { Desk } from "./desk.js";
import { byId } from "./dom.js";
import { Filters } from "./filters.js";
import { Store, choose } from "./issues.js";
import { IssueView } from "./issue.js";
import { listen } from "./keys.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { IssueMap } from "./map.js";
import { PostSearch } from "./post-search.js";
import { Session } from "./session.js";
import { States } from "./states.js";
import { EVERYTHING, read, span, write } from "./url.js";

const store = new Store();
const base = new URL("..", import.meta.url).href.replace(/\/$/, "");
const api = new Api(base);
const session = new Session(base);
let view = read(location.search);
let rows = [];
let elsewhere = null; // {issueId, issue} of an opened issue that is not among the loaded ones
let typing = false;
let listScroll = 0;

const states = new States({ retry: () => live.refresh(), clear: () => go({ ...EVERYTHING, show: view.show, issue: view.issue }) });
const list = new List(byId("list"), (issue) => write({ ...view, issue: issue.issue_id }));
const map = new IssueMap(byId("map"), (issueId) => open(issueId));
const correct = new Correct(session, () => rows, (issueId) => store.find(issueId));
const issueView = new IssueView(byId("issue"), api, correct, () => close());
const search = new PostSearch(api, () => refresh({ steady: true }));
const live = new Live(api, store, { changed: dataChanged, turned: connectionTurned });
const filters = new Filters({ form: byId("filters"), search: byId("search"), sort: byId("sort"),
  changed: (patch, how) => go(patch, how) });

/** Show another view, as a new entry of the history; letters of one search share an entry. */
function go(patch, { typing: types = false, replace = false } = {}) {
  const next = { ...view, ...patch };
  if (write(next) === write(view)) return;
  history[replace || (types && typing) ? "replaceState" : "pushState"](null, "", write(next));
  typing = types;
  arrive(next);
}

function arrive(next) {
  const before = view;
  view = next;
  if (span(before) !== span(next)) live.move(next);
  const listed = write({ ...before, issue: "" }) !== write({ ...next, issue: "" });
  refresh({});
  if (listed && !next.issue) scrollTo({ top: Math.min(scrollY, byId("list").offsetTop) });
}

/** Bring everything on the screen up to the view and the store. */
function refresh({ steady = false }) {
  const start = performance.now();
  const all = store.newest();
  const newest = all.reduce((last, issue) => (issue.cluster_date > last ? issue.cluster_date : last), "");
  search.look(view, newest);
  const chosen = choose(all, view, search.found);
  rows = chosen.rows;
  showIssue();
  filters.offer(named([...all.map((issue) => issue.category), ...view.category]));
  filters.show(view);
  filters.count(chosen.counts, live.state.loaded || all.length > 0);
  showShape(all, { steady });
  states.result({ view, shown: rows.length, total: all.length, newest, state: live.state });
  performance.measure("assay:refresh", { start });
}

/** Show the chosen issues in the shape that the view asks for: as a list, or as a map. */
function showShape(all, { steady }) {
  const isMap = view.show === "map";
  list.show(rows, { inPosts: search.found, open: view.issue, steady });
  byId("list").hidden ||= isMap;
  byId("map").hidden = !isMap || !rows.length;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === view.show));
  }
  if (isMap) map.show(all, rows, view.issue);
}

function dataChanged(ids) {
  if (ids && elsewhere?.issue && ids.has(elsewhere.issue.id)) elsewhere = null;
  if (ids) list.shine(ids);
  refresh({ steady: true });
}

function connectionTurned(state) {
  states.connection(state);
  if (state.live) learnCategories();
  if (state.live) issueView.evidence.connected();
  refresh({ steady: true });
}

/** Load how the categories are called; a server where nothing was published since has none. */
async function learnCategories() {
  const records = await api.categories().catch(() => null);
  if (records && learn(records)) refresh({ steady: true });
}

function showIssue() {
  const reading = Boolean(view.issue);
  const was = document.body.classList.contains("reading");
  if (reading && !was) listScroll = scrollY;
  document.body.classList.toggle("reading", reading);
  const issue = reading ? store.find(view.issue) : null;
  if (issue) issueView.show(issue);
  else if (reading) showElsewhere();
  else issueView.hide();
  const title = reading ? `${issueView.title.textContent.slice(0, 120)} · ` : "";
  document.title = `${title}Assay`;
  if (reading && !was && byId("list").offsetParent === null) scrollTo({ top: 0 });
  if (!reading && was) scrollTo({ top: listScroll });
}

/** Show an issue that the listed days do not have, as a shared address may ask. */
function showElsewhere() {
  const issueId = view.issue;
  if (elsewhere?.issueId === issueId && elsewhere.issue) {
    issueView.show(elsewhere.issue, { older: true });
  } else if (elsewhere?.issueId === issueId && elsewhere.issue === null) {
    issueView.say("This issue is not published", "It was removed, or the address is not right.");
  } else if (live.state.reachable) {
    issueView.say("Loading…");
    if (live.state.loaded && elsewhere?.issueId !== issueId) askElsewhere(issueId);
  } else issueView.say("The server does not answer", "The issue is shown once it does.");
}

async function askElsewhere(issueId) {
  elsewhere = { issueId };
  try {
    const issue = await api.issue(issueId);
    if (elsewhere?.issueId !== issueId) return;
    elsewhere = { issueId, issue };
    refresh({ steady: true });
  } catch (error) {
    const refused = error?.status >= 400 && error.status < 500;
    elsewhere = refused ? { issueId, issue: null } : null; // null: asked again once there is an answer
    if (refused) refresh({ steady: true });
    else live.refresh();
  }
}

function open(issueId, how) {
  go({ issue: issueId }, how);
  issueView.focus();
}

function close() {
  const issueId = view.issue;
  if (byId("side").classList.contains("open")) return toggleSide(false);
  if (document.activeElement === byId("search")) {
    if (view.q) return go({ q: "" });
    return byId("search").blur();
  }
  if (!issueId) return false;
  go({ issue: "" });
  if (view.show === "map") map.frame.focus({ preventScroll: true });
  else if (list.places.has(issueId)) list.focus(list.places.get(issueId));
  return true;
}

function step(by) {
  const place = list.place + by;
  const inList = document.activeElement?.closest?.(".row");
  if (view.issue && !inList && rows[place]) {
    open(rows[place].issue_id, { replace: true });
    list.reveal(rows[place].issue_id);
  } else if (view.show === "map") map.step(by);
  else list.focus(place);
}

function toggleSide(on) {
  byId("side").classList.toggle("open", on);
  byId("side-toggle").setAttribute("aria-expanded", String(on));
}

function withinPage(event) {
  const link = event.target.closest("a.row-link, a.inwards");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open(read(new URL(link.href).search).issue);
}

byId("list").addEventListener("click", withinPage);
byId("issue").addEventListener("click", withinPage);
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => go({ show: button.dataset.show }));
}
byId("clear").addEventListener("click", () => go({ ...EVERYTHING, show: view.show, issue: view.issue }));
byId("side-toggle").addEventListener("click", () => toggleSide(!byId("side").classList.contains("open")));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  if (view.show === "map") map.frame.focus();
  else list.focus(0);
});
addEventListener("popstate", () => {
  typing = false;
  arrive(read(location.search));
});
listen({
  step, close,
  edge: (first) => list.focus(first ? 0 : rows.length - 1),
  open: () => (rows[list.place] ? open(rows[list.place].issue_id) : false),
  search: () => {
    if (byId("search").offsetParent === null) go({ issue: "" });
    byId("search").focus();
    byId("search").select();
  },
}, byId("keys"));
new Desk(byId("desk"), session, (issueId) => store.find(issueId)?.canonical_title.slice(0, 120) ?? issueId);
session.changed(() => issueView.evidence.rebuild());
live.start(view);
learnCategories();
refresh({});
