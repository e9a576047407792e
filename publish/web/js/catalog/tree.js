/** What a model was made from, up to the root, and what was made from it: nested lists. */

import { el, inwards } from "../dom.js";
import { number } from "../format.js";
import { cut } from "./format.js";

const CHILDREN_MOST = 20;
const ANCESTORS_MOST = 60;
const DEEPEST = 8; // lists within lists that are drawn; a longer way goes on at that depth
const HOW = { finetune: "fine-tuned from", adapter: "adapter of", merge: "merged from", quantized: "quantized from" };

/**
 * Make the tree of a model. `queryOf(id)` returns the address of a listed model, `queryOfAll(id)`
 * that of all models made from one.
 */
export function tree(catalog, lineage, model, queryOf, queryOfAll) {
  const { rows } = lineage;
  const id = catalog.models.model_id[model];
  const up = (lineage.up.get(model) ?? []).slice(0, ANCESTORS_MOST);
  const children = (lineage.down.get(id) ?? []).filter((row) => rows.depth[row] === 1)
    .sort((one, other) => rows.model[one] - rows.model[other]);
  const parents = up.filter((row) => rows.depth[row] === 1);
  if (!parents.length && !children.length) return [el("p", { class: "quiet" }, "It names no model that it was made from, and no listed model names it.")];
  const named = (row) => node(catalog, rows, row, queryOf);
  const above = parents.map((parent) => el("li", {}, ...named(parent),
    ...chain(up.filter((row) => row !== parent && rows.parent_id[row] === rows.ancestor_id[parent]), named, rows)));
  const more = children.length - CHILDREN_MOST;
  const below = children.slice(0, CHILDREN_MOST).map((row) => {
    const child = catalog.models.model_id[rows.model[row]];
    return el("li", {}, inwards(queryOf(child), { dir: "auto" }, cut(child, 120)), said(rows.relation[row]));
  });
  return [
    above.length ? el("h4", {}, "Made from") : null,
    above.length ? el("ul", { class: "tree", id: "parents" }, ...above) : null,
    below.length ? el("h4", {}, `Models made from it: ${number(children.length)}`) : null,
    below.length ? el("ul", { class: "tree", id: "children" }, ...below) : null,
    children.length ? el("p", {}, inwards(queryOfAll(id), {}, more > 0 ? `All ${number(children.length)} of them, and theirs` : "List them, and theirs")) : null,
  ].filter(Boolean);
}

function node(catalog, rows, row, queryOf) {
  const id = rows.ancestor_id[row];
  const listed = (rows.ancestor[row] ?? -1) >= 0;
  const terms = [rows.license[row], rows.license_terms[row]].filter(Boolean).map((text) => cut(text, 60)).join(", ");
  return [
    listed ? inwards(queryOf(id), { dir: "auto" }, cut(id, 120)) : el("span", { dir: "auto" }, cut(id, 120)),
    said(rows.relation[row]), el("span", { class: "quiet" }, ` ${terms || "licence unknown"}${listed ? "" : "; not listed"}`),
  ];
}

/** Those that a parent leads to: all of one depth beside each other, the next depth below the last. */
function chain(rest, named, rows, level = 1) {
  if (!rest.length) return [];
  const here = rest.filter((row) => level >= DEEPEST || rows.depth[row] === rows.depth[rest[0]]);
  const later = rest.filter((row) => !here.includes(row));
  return [el("ul", {}, ...here.map((row) => el("li", {}, ...named(row),
    ...(row === here.at(-1) ? chain(later, named, rows, level + 1) : []))))];
}

const said = (relation) => (relation ? el("span", { class: "how" }, ` ${HOW[relation] ? HOW[relation].split(" ")[0] : cut(relation, 20)}`) : null);
