/** The rows of the lists: what each kind of thing shows of itself on two lines. */

import { el, inwards } from "../dom.js";
import { plural } from "../format.js";
import { sparkline } from "./chart.js";
import { isStricter } from "./choose.js";
import { cut, dayOf, exact, grown, isKnown, short, signed } from "./format.js";
import { TERMS, sortOf } from "./url.js";

/** Make the kinds of lists (list.js) over a catalog; `now` returns the view and its lists. */
export function kindsOf(catalog, now) {
  const open = (id, list) => list.open === id;
  const thing = (name, make) => ({
    id: (place) => now().lists[name].ids[place],
    options: (place, list) => ({ openIssue: open(now().lists[name].ids[place], list) }),
    make: (place, query, options) => make(now().lists[name].rows, place, query, options),
  });
  const mover = (row) => {
    const { rows } = now().lists.movers;
    return `${rows.task_id[row]} ${rows.model_id[row]}`;
  };
  return {
    models: modelKind(catalog, now),
    tasks: thing("tasks", taskRow),
    datasets: thing("datasets", datasetRow),
    papers: thing("papers", paperRow),
    movers: { id: mover,
      options: (row, list) => ({ openIssue: open(now().lists.movers.rows.model_id[row], list),
        spark: catalog.models.spark[now().lists.movers.rows.model[row]] }),
      make: (row, query, options) => moverRow(now().lists.movers.rows, row, query, options, catalog) },
  };
}

function modelKind(catalog, now) {
  return {
    id: (model) => catalog.models.model_id[model],
    options: (model, list) => ({
      openIssue: list.open === catalog.models.model_id[model],
      isCompared: now().view.compare.includes(catalog.models.model_id[model]),
      rank: now().lists.ranks?.get(model) ?? NaN,
      sort: sortOf(now().view),
      spark: catalog.models.spark[model],
      isSpokenOf: catalog.complaints.has(model),
    }),
    make: (model, query, options) => modelRow(catalog, model, query, options),
    renew: (node, { isCompared }) => node.lastElementChild.setAttribute("aria-pressed", String(isCompared)),
  };
}

function modelRow(catalog, model, query, options) {
  const { models } = catalog;
  const name = models.model_id[model];
  const toggle = el("button", { type: "button", class: "row-more", "aria-pressed": String(options.isCompared),
    "aria-label": `Compare ${cut(name, 100)}`, title: "Compare (c)" }, el("span", { "aria-hidden": "true" }));
  return row(query, options.openIssue, name, modelFacts(catalog, model, options),
    el("span", { class: "row-score" }, sparkline(options.spark),
      el("span", { class: "row-heat" }, el("span", { class: "unseen" }, ", downloads "),
        short(models.downloads[model], "–"))), toggle);
}

function modelFacts(catalog, model, { rank, sort }) {
  const { models } = catalog;
  const term = models.license_terms.at(model);
  const growth = sort.startsWith("growth_") ? models[sort][model] : NaN;
  return [
    isKnown(rank) ? fact(`#${exact(rank)} in task`, "strong") : null,
    isKnown(growth) ? fact(grown(growth), growth < 0 ? "fell" : "rose") : null,
    fact(cut(models.best_task.at(model) || models.pipeline_tag.at(model), 60) || "no task"),
    fact(cut(models.license.at(model), 40) || "no licence", `term term-${Object.hasOwn(TERMS, term) ? term : "none"}`),
    isStricter(catalog, model) ? fact("stricter ancestor", "warns") : null,
    isKnown(models.likes[model]) ? fact(`${short(models.likes[model])} likes`) : null,
    catalog.complaints.has(model) ? fact(plural(catalog.complaints.get(model).posts, "post"), "strong") : null,
    fact(cut(models.library_name.at(model), 40), "minor"),
    isKnown(models.parameters[model]) ? fact(`${short(models.parameters[model])} parameters`, "minor") : null,
    ["", "false"].includes(models.gated.at(model)) ? null : fact("gated", "minor"),
    isKnown(models.modified_on[model]) ? fact(`changed ${dayOf(models.modified_on[model])}`, "minor") : null,
  ];
}

function taskRow(rows, place, query, { openIssue }) {
  const id = rows.task_id[place];
  return row(query, openIssue, rows.task_label[place] || id, [fact(cut(id, 60)), fact(plural(rows.models[place], "model"))],
    score(rows.downloads[place], "downloads of its models"));
}

function datasetRow(rows, place, query, { openIssue }) {
  return row(query, openIssue, rows.dataset_id[place], [
    fact(`named by ${plural(rows.models[place], "model")}`, "strong"),
    fact(cut(rows.license[place] ?? "", 40) || "no licence", `term term-${rows.license_terms[place] ?? "none"}`),
    isKnown(rows.likes[place]) ? fact(`${short(rows.likes[place])} likes`) : null,
    rows.reason[place] ? fact("nothing known of it") : null,
    isKnown(rows.modified_on[place]) ? fact(`changed ${dayOf(rows.modified_on[place])}`, "minor") : null,
  ], score(rows.downloads[place], "downloads"));
}

function paperRow(rows, place, query, { openIssue }) {
  return row(query, openIssue, rows.title[place] || `arXiv ${rows.arxiv_id[place]}`, [
    fact(`named by ${plural(rows.models[place], "model")}`, "strong"),
    fact(cut(rows.primary_category[place] ?? "", 30)),
    isKnown(rows.published_on[place]) ? fact(dayOf(rows.published_on[place])) : null,
    fact(cut(rows.authors[place] ?? "", 120), "minor"),
  ], score(rows.models_downloads[place], "downloads of its models"));
}

function moverRow(rows, place, query, { openIssue }, catalog) {
  const [rank, before] = [rows.rank_in_task[place], rows.rank_before[place]];
  const gained = isKnown(rows.downloads_before[place]) ? rows.downloads[place] - rows.downloads_before[place] : NaN;
  const growth = rows.growth[place];
  const ranks = isKnown(rank) && isKnown(before) ? `#${exact(before)} to #${exact(rank)}`
    : isKnown(rank) ? `came at #${exact(rank)}` : `was #${exact(before)}`;
  return row(query, openIssue, rows.model_id[place], [
    fact(cut(rows.task_id[place], 60)), fact(ranks, "strong"),
    isKnown(gained) ? fact(`${signed(gained)} downloads`) : null,
    isKnown(rows.model[place]) ? null : fact("no longer listed"),
    isKnown(rows.compared_with[place]) ? fact(`since ${dayOf(rows.compared_with[place])}`, "minor") : null,
  ], el("span", { class: "row-score" },
    sparkline(isKnown(rows.model[place]) ? catalog.models.spark[rows.model[place]] : ""),
    el("span", { class: "row-heat" }, el("span", { class: "unseen" }, ", growth "), grown(growth, "–"))));
}

const score = (count, what) => el("span", { class: "row-score" }, el("span", { class: "row-heat" },
  el("span", { class: "unseen" }, `, ${what} `), short(count, "–")));

const fact = (text, kind = "") => (text ? el("span", { class: `fact ${kind}` }, text) : null);

function row(query, isOpen, title, facts, end, ...more) {
  const link = inwards(query, { class: "row-link", "aria-current": isOpen ? "true" : null },
    el("span", { class: "row-place", "aria-hidden": "true" }),
    el("span", { class: "row-text" }, el("span", { class: "row-title", dir: "auto" }, cut(title)),
      el("span", { class: "row-facts" }, ...facts.filter(Boolean)
        .flatMap((item) => [el("span", { class: "unseen" }, ", "), item]))), end);
  return el("li", { class: "row" }, link, ...more);
}
