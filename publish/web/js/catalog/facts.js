/** What is said of a model, in the opened view and in the comparison: a name and its value. */

import { TERMS } from "./url.js";
import { isStricter, movements } from "./choose.js";
import { cut, dayOf, exact, grown, isKnown, short, signed } from "./format.js";

const GATED = { false: "Open", auto: "Gated: accept the terms", manual: "Gated: by request" };

/** Return `[name, text, is it a warning]` for everything that is said of a model. */
export function factsOf(catalog, model, tasks) {
  const { models } = catalog;
  const asked = term(models.license_terms.at(model));
  const complaint = catalog.complaints.get(model);
  return [
    ["Downloads in 30 days", exact(models.downloads[model])],
    ["Downloads of all time", exact(models.downloads_all_time[model])],
    ["Likes", exact(models.likes[model])],
    ["Rank", ranks(models, model, tasks)],
    ["Licence", [cut(models.license.at(model), 60) || "None", asked].filter(Boolean).join(", ")],
    ["Strictest licence above", strictest(models, model), isStricter(catalog, model)],
    ["Library", cut(models.library_name.at(model), 60) || "None"],
    ["Parameters", isKnown(models.parameters[model]) ? `${short(models.parameters[model])} (${exact(models.parameters[model])})` : "Unknown"],
    ["Access", GATED[models.gated.at(model)] ?? "Unknown"],
    ...movements(catalog, model).map(({ span, gained, places, growth }) => [span === 1 ? "In a day" : `In ${span} days`,
      `${signed(gained)} downloads${isKnown(growth) ? ` (${grown(growth)})` : ""}${places ? `, ${signed(places)} ${Math.abs(places) === 1 ? "place" : "places"}` : ""}`]),
    ["Data sets", exact(models.dataset_count[model], "Not looked at")],
    ["Papers", exact(models.article_count[model], "Not looked at")],
    ["Made from", exact(models.parent_count[model], "Not looked at")],
    ["Made from it", exact(models.child_count[model], "Not looked at")],
    ["Posts about it", complaint ? `${exact(complaint.posts)}, ${exact(complaint.problems)} of problems` : "None"],
    ["Created", dayOf(models.created_on[model], "Unknown")],
    ["Last changed", dayOf(models.modified_on[model], "Unknown")],
  ];
}

const term = (name) => (Object.hasOwn(TERMS, name) ? TERMS[name].toLowerCase() : "");

function strictest(models, model) {
  const license = models.strictest_license.at(model);
  if (!license) return models.parent_count[model] > 0 ? "Not known" : "Nothing above it";
  return `${cut(license, 60)}, ${term(models.strictest_terms.at(model))}: ${cut(models.strictest_ancestor[model], 80)}`;
}

function ranks(models, model, tasks) {
  const rows = tasks?.pairs.ofModel(model) ?? [];
  const said = rows.map((row) => [tasks.pairs.extra[row], tasks.ids[tasks.pairs.things[row]]])
    .sort(([one], [other]) => one - other).map(([rank, task]) => `#${exact(rank)} ${cut(task, 60)}`);
  return said.join(", ") || cut(models.pipeline_tag.at(model), 60) || "In no task";
}
