/**
 * The view as the address bar has it: `read` makes it from a query string, `write` the other way
 * round. What an address may not say is dropped, so that a mangled one shows the list and no error.
 */

export const VIEWS = { models: "Models", tasks: "Tasks", datasets: "Data sets", papers: "Papers", movers: "Movers",
  compare: "Compare" };
export const TERMS = { "public-domain": "Public domain", permissive: "Permissive", "weak-copyleft": "Weak copyleft",
  copyleft: "Copyleft", "use-restricted": "Use restricted", "non-commercial": "Non-commercial",
  "no-derivatives": "No derivatives", unclassified: "Unclassified", none: "No licence" };
export const ONLY = { stricter: "An ancestor asks for more", complaints: "Spoken of in posts", open: "Not gated" };
export const SORTS = {
  models: { downloads: "Downloads", likes: "Likes", rank: "Rank in task", growth_1: "Growth in a day",
    growth_7: "Growth in 7 days", growth_30: "Growth in 30 days", modified: "Last changed", parameters: "Parameters",
    children: "Models made from it", complaints: "Posts about it", name: "Name" },
  tasks: { models: "Models", downloads: "Downloads", name: "Name" },
  datasets: { models: "Models", used: "Downloads of its models", downloads: "Downloads", likes: "Likes", name: "Name" },
  papers: { models: "Models", used: "Downloads of its models", published: "Published", name: "Title" },
  movers: { growth: "Growth" },
  compare: { downloads: "Downloads" },
};
export const MOVEMENTS = { rose: "Rose", fell: "Fell", new: "Came", left: "Left" };
export const MINIMA = [0, 100, 1_000, 10_000, 100_000, 1_000_000];
export const SPANS = [1, 7, 30];
export const COMPARED_MOST = 4;
const LONGEST_SEARCH = 300;
const LONGEST_NAME = 4_000; // characters; names of the Hub have under 200

/** The view of a bare address: all models, the most downloaded first. */
export const EVERYTHING = Object.freeze({
  view: "models", q: "", task: "", terms: [], family: "", library: "", author: "", min: 0, only: [],
  dataset: "", paper: "", base: "", span: 7, move: "rose", sort: "", open: "", compare: [],
});
const FREE = ["q", "task", "family", "library", "author", "dataset", "paper", "base", "open"];
const LISTS = { terms: TERMS, only: ONLY };

/** Make a view from `location.search`. */
export function read(search) {
  const given = new URLSearchParams(search);
  const view = { ...EVERYTHING };
  for (const name of FREE) view[name] = (given.get(name) ?? "").slice(0, LONGEST_NAME);
  view.q = view.q.slice(0, LONGEST_SEARCH);
  for (const [name, known] of Object.entries(LISTS)) {
    const values = (given.get(name) ?? "").split(",");
    view[name] = Object.keys(known).filter((value) => values.includes(value));
  }
  view.view = oneOf(Object.keys(VIEWS), given.get("view")) ?? "models";
  view.sort = oneOf(Object.keys(SORTS[view.view]), given.get("sort")) ?? "";
  view.move = oneOf(Object.keys(MOVEMENTS), given.get("move")) ?? "rose";
  view.span = oneOf(SPANS, Number(given.get("span"))) ?? 7;
  view.min = oneOf(MINIMA, Number(given.get("min"))) ?? 0;
  const compared = given.getAll("compare").map((id) => id.slice(0, LONGEST_NAME)).filter(Boolean);
  view.compare = [...new Set(compared)].slice(0, COMPARED_MOST);
  return view;
}

/** Make the query string of a view: `?` and what differs from the bare address. */
export function write(view) {
  const parts = new URLSearchParams();
  for (const [name, plain] of Object.entries(EVERYTHING)) {
    if (name === "compare") for (const id of view.compare) parts.append(name, id);
    else {
      const value = Array.isArray(plain) ? view[name].join(",") : view[name];
      if (value !== plain && value !== "") parts.set(name, String(value));
    }
  }
  return `?${parts}`.replaceAll("%2C", ",").replaceAll("%2F", "/");
}

/** The order that a view has, which is the first of its orders where none was chosen. */
export const sortOf = (view) => view.sort || Object.keys(SORTS[view.view])[0];

/** What a view keeps when a person goes to another list: what was opened and narrowed stays behind. */
export const elsewhere = (view, patch) => ({ ...EVERYTHING, compare: view.compare, ...patch });

/** Tell whether a view hides anything that its bare list shows. */
export function isFiltered(view) {
  const { view: kind, span, move, compare } = view;
  return write({ ...view, sort: "", open: "" }) !== write({ ...EVERYTHING, view: kind, span, move, compare });
}

const oneOf = (known, value) => (known.includes(value) ? value : undefined);
