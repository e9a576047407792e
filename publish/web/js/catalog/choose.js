/** The choice among what is loaded: filtering, counting and sorting, without a page. */

import { words } from "../issues.js";
import { SPANS } from "./data.js";
import { isKnown } from "./format.js";
import { sortOf } from "./url.js";

/**
 * Choose and sort the models of a view. `lists` has what the view's filters need, as far as it is
 * loaded: tasks, datasets, papers, lineage.
 *
 * Returns `{rows, counts}`; `counts` says for each licence term and each of the switches how many
 * models it would leave if only the other filters were set.
 */
export function chooseModels(catalog, view, lists) {
  const { models, loaded } = catalog;
  const wanted = words(view.q);
  const within = masks(catalog, view, lists);
  const chosen = [["family", "license_family"], ["library", "library_name"]].filter(([name]) => view[name])
    .map(([name, column]) => [models[column].codes, models[column].code(view[name])]);
  const { codes, values } = models.license_terms;
  const isRight = values.map((term) => !view.terms.length || view.terms.includes(term || "none"));
  const has = traits(catalog);
  const wantedTraits = view.only.reduce((bits, name) => bits | BITS[name], 0);
  const perTerm = new Uint32Array(values.length);
  const perTrait = new Uint32Array(8);
  const rows = [];
  for (let model = 0; model < loaded; model += 1) {
    if (within.some((mask) => !mask[model])) continue;
    if (view.min && !(models.downloads[model] >= view.min)) continue;
    if (view.author && models.author[model] !== view.author) continue;
    if (chosen.some(([column, code]) => column[model] !== code)) continue;
    if (wanted.length && !wanted.every((word) => models.searched[model].includes(word))) continue;
    const term = codes[model];
    const missing = wantedTraits & ~has[model];
    if (!missing) perTerm[term] += 1;
    if (!isRight[term]) continue;
    for (let bit = 1; bit < 8; bit <<= 1) if (has[model] & bit && !(missing & ~bit)) perTrait[bit] += 1;
    if (!missing) rows.push(model);
  }
  const counts = {
    terms: Object.fromEntries(values.map((term, code) => [term || "none", perTerm[code]])),
    only: Object.fromEntries(Object.entries(BITS).map(([name, bit]) => [name, perTrait[bit]])),
  };
  return { rows: sortModels(rows, catalog, view, lists), counts };
}

/** Tell whether an ancestor's licence asks for more than a model's own. */
export const isStricter = ({ models }, model) => models.strictest_strictness[model] > models.strictness[model];

const BITS = { stricter: 1, complaints: 2, open: 4 };
let known = { key: "", has: null }; // the traits of what is loaded

/** For each model, which of the switches it passes. */
function traits(catalog) {
  const key = `${catalog.loaded} ${catalog.complaints.size}`;
  if (known.key === key) return known.has;
  const has = new Uint8Array(catalog.loaded);
  const isOpen = catalog.models.gated.values.map((gated) => ["", "false"].includes(gated));
  for (let model = 0; model < catalog.loaded; model += 1) {
    has[model] = (isStricter(catalog, model) ? BITS.stricter : 0) | (catalog.complaints.has(model) ? BITS.complaints : 0)
      | (isOpen[catalog.models.gated.codes[model]] ? BITS.open : 0);
  }
  known = { key, has };
  return has;
}

/** For each filter that names a thing, whether each model belongs to it. */
function masks(catalog, view, { tasks, datasets, papers, lineage }) {
  const found = [];
  if (view.task) {
    const mask = maskOf(catalog, tasks ? tasks.pairs.modelsOf(tasks.places.get(view.task)) : []);
    const { codes } = catalog.models.pipeline_tag;
    const code = catalog.models.pipeline_tag.code(view.task);
    for (let model = 0; model < catalog.loaded; model += 1) if (codes[model] === code) mask[model] = 1;
    found.push(mask);
  }
  if (view.dataset) found.push(maskOf(catalog, datasets ? datasets.pairs.modelsOf(datasets.places.get(view.dataset)) : []));
  if (view.paper) found.push(maskOf(catalog, papers ? papers.pairs.modelsOf(papers.places.get(view.paper)) : []));
  if (view.base) {
    const rows = lineage?.down.get(view.base) ?? [];
    found.push(maskOf(catalog, rows.map((row) => lineage.rows.model[row])));
  }
  return found;
}

function maskOf(catalog, models) {
  const mask = new Uint8Array(catalog.manifest.models);
  for (const model of models) mask[model] = 1;
  return mask;
}

function sortModels(rows, catalog, view, { tasks }) {
  const { models } = catalog;
  const sort = sortOf(view);
  if (sort === "downloads") return rows; // they come so
  if (sort === "name") {
    return rows.sort((one, other) => compared(models.model_id[one], models.model_id[other]));
  }
  const ranks = sort === "rank" && view.task && tasks ? ranksIn(tasks, view.task) : null;
  const value = {
    rank: (model) => -(ranks ? ranks.get(model) ?? NaN : models.best_rank[model]),
    modified: (model) => models.modified_on[model],
    children: (model) => models.child_count[model],
    complaints: (model) => catalog.complaints.get(model)?.posts ?? NaN,
  }[sort] ?? ((model) => models[sort][model]);
  return highestFirst(rows, value);
}

/** The places of models in a task's listing. */
export function ranksIn(tasks, task) {
  const { pairs } = tasks;
  return new Map(pairs.ofThing(tasks.places.get(task)).map((row) => [pairs.models[row], pairs.extra[row]]));
}

/** Sort rows by a value, what has none last, and equal ones by their numbers. */
function highestFirst(rows, value) {
  const keys = new Float64Array(rows.reduce((most, row) => Math.max(most, row + 1), 0));
  for (const row of rows) keys[row] = isKnown(value(row)) ? value(row) : -Number.MAX_VALUE;
  return rows.sort((one, other) => keys[other] - keys[one] || one - other);
}

const THING_SORTS = { models: "models", used: "models_downloads", downloads: "downloads", likes: "likes", published: "published_on" };
const THING_NAMES = { tasks: "task_label", datasets: "dataset_id", papers: "title" };

/** Choose and sort tasks, data sets or papers: returns their places. */
export function chooseThings(things, view, searched) {
  const wanted = words(view.q);
  const rows = things.ids.map((_, place) => place)
    .filter((place) => wanted.every((word) => searched(place).includes(word)));
  const sort = sortOf(view);
  const names = things.rows[THING_NAMES[view.view]];
  if (sort === "name") {
    return rows.sort((one, other) => compared(names[one] || things.ids[one], names[other] || things.ids[other]));
  }
  return highestFirst(rows, (place) => things.rows[THING_SORTS[sort]]?.[place]);
}

/** Choose movers: rows of their file, those that moved most first. */
export function chooseMovers({ rows }, view, searched) {
  const wanted = words(view.q);
  const found = [];
  for (let row = 0; row < (rows.task_id?.length ?? 0); row += 1) {
    if (rows.span_days[row] !== view.span || rows.movement[row] !== view.move) continue;
    if (view.task && rows.task_id[row] !== view.task) continue;
    if (wanted.every((word) => searched(row).includes(word))) found.push(row);
  }
  const rank = (row) => -(rows.rank_in_task[row] ?? rows.rank_before[row] ?? NaN);
  const value = { rose: (row) => rows.growth[row], fell: (row) => -rows.growth[row], new: rank, left: rank }[view.move];
  return highestFirst(found, value);
}

/** The spans of days in which a model moved, with what it gained. */
export function movements({ models }, model) {
  return SPANS.map((span) => ({ span, gained: models[`gained_${span}`][model], places: models[`places_${span}`][model],
    growth: models[`growth_${span}`][model] })).filter(({ gained }) => !Number.isNaN(gained));
}

const compared = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
