/** Up to four models side by side. */

import { el, inwards } from "../dom.js";
import { sparkline } from "./chart.js";
import { factsOf } from "./facts.js";
import { cut } from "./format.js";

/** Make the comparison of models by their names; `remove(id)` takes one out of it. */
export function comparison(catalog, ids, tasks, { queryOf, remove }) {
  const models = ids.map((id) => [id, catalog.place(id)]);
  const said = models.map(([, model]) => (model < 0 ? null : factsOf(catalog, model, tasks)));
  const names = [...new Set(said.filter(Boolean).flat().map(([name]) => name))];
  const head = models.map(([id, model]) => {
    const button = el("button", { type: "button", class: "plain", "aria-label": `Take out ${cut(id, 100)}` }, "Take out");
    button.addEventListener("click", () => remove(id));
    return el("th", { scope: "col" },
      model < 0 ? el("span", { dir: "auto" }, cut(id, 100)) : inwards(queryOf(id), { dir: "auto" }, cut(id, 100)),
      model < 0 ? null : sparkline(catalog.models.spark[model]), button);
  });
  const rows = names.map((name) => el("tr", {}, el("th", { scope: "row" }, name),
    ...said.map((facts) => {
      const fact = facts?.find(([one]) => one === name);
      return el("td", { class: fact?.[2] ? "warns" : null, dir: "auto" }, facts ? fact?.[1] ?? "–" : "Not listed");
    })));
  return el("div", { class: "compared", tabindex: "0", role: "region", "aria-label": "Comparison" },
    el("table", {}, el("thead", {}, el("tr", {}, el("td", {}), ...head)), el("tbody", {}, ...rows)));
}
