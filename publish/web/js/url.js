/**
 * The view as the address bar has it. One object says what is shown; `read` makes it from a query
 * string, `write` the other way round. What an address may not say is dropped, so that a mangled
 * address shows the list and never an error.
 */

import { isCategory } from "./categories.js";
import { IMPACTS, LABELS, SOURCES } from "./format.js";

export const SORTS = ["heat", "recent", "size"];
export const SHOWS = ["list", "map"];
export const SIZES = [0, 5, 10, 25, 50, 100];
const LISTS = { impact: IMPACTS, source: SOURCES };
const MOST_CATEGORIES = 100; // of an address
const LONGEST_QUERY = 200;

/** The view of a bare address: every issue of the newest day, hottest first. */
export const EVERYTHING = Object.freeze({
  q: "", category: [], impact: [], source: [], pay: false, label: "", min: 0,
  from: "", to: "", sort: "heat", show: "list", issue: "",
});

/** Make a view from `location.search`. */
export function read(search) {
  const given = new URLSearchParams(search);
  const view = { ...EVERYTHING };
  for (const [name, known] of Object.entries(LISTS)) {
    const values = (given.get(name) ?? "").split(",");
    view[name] = Object.keys(known).filter((value) => values.includes(value));
  }
  // Which categories there are is only known once they are loaded.
  const categories = (given.get("category") ?? "").split(",").filter(isCategory);
  view.category = [...new Set(categories)].sort().slice(0, MOST_CATEGORIES);
  view.q = (given.get("q") ?? "").slice(0, LONGEST_QUERY);
  view.pay = given.get("pay") === "1";
  view.label = Object.hasOwn(LABELS, given.get("label") ?? "") ? given.get("label") : "";
  view.min = SIZES.includes(Number(given.get("min"))) ? Number(given.get("min")) : 0;
  view.from = aDay(given.get("from"));
  view.to = aDay(given.get("to"));
  view.sort = SORTS.includes(given.get("sort")) ? given.get("sort") : "heat";
  view.show = SHOWS.includes(given.get("show")) ? given.get("show") : "list";
  view.issue = (given.get("issue") ?? "").slice(0, LONGEST_QUERY);
  return view;
}

/** Make the query string of a view: `?` and what differs from the bare address. */
export function write(view) {
  const parts = new URLSearchParams();
  for (const [name, plain] of Object.entries(EVERYTHING)) {
    const value = Array.isArray(plain) ? view[name].join(",") : view[name];
    if (value !== plain && value !== "") parts.set(name, value === true ? "1" : String(value));
  }
  return `?${parts}`.replaceAll("%2C", ",");
}

/** Tell whether a view hides anything that the bare address shows; sorting and the map hide nothing. */
export function isFiltered(view) {
  return write({ ...view, sort: "heat", show: "list", issue: "" }) !== "?";
}

/** The days a view asks for, as one comparable text; empty for the newest day. */
export const span = (view) => (view.from || view.to ? `${view.from}..${view.to}` : "");

function aDay(text) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text ?? "")) return "";
  const moment = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(text) ? text : "";
}
