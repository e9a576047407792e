/** The lists beside the models: which a view needs, what of them is loaded, and what it shows of them. */

import { folded } from "../issues.js";
import { chooseModels, chooseMovers, chooseThings, ranksIn } from "./choose.js";
import { sortOf } from "./url.js";

const SEARCHED = {
  tasks: ["task_id", "task_label"], datasets: ["dataset_id", "license", "description"],
  papers: ["arxiv_id", "title", "authors", "summary"], movers: ["model_id", "task_id"],
};

export class Lists {
  #searched = {}; // folded texts by list and place

  constructor(catalog, { arrived, failed }) {
    Object.assign(this, { catalog, arrived, failed, tasks: null, datasets: null, papers: null, lineage: null, movers: null, ranks: null });
  }

  /** Begin to load what a view needs and is not there. */
  need(view) {
    const names = { tasks: true, datasets: view.view === "datasets" || view.dataset, papers: view.view === "papers" || view.paper,
      lineage: view.base, movers: view.view === "movers" };
    for (const [name, needed] of Object.entries(names)) if (needed && !this[name]) this.#load(name);
  }

  /** Whether a view shows less than there is, since a list is on its way. */
  isMissing(view) {
    const needed = { datasets: view.dataset, papers: view.paper, lineage: view.base, tasks: view.task, [view.view]: !["models", "compare"].includes(view.view) };
    return Object.entries(needed).some(([name, is]) => is && !this[name]);
  }

  /** Choose what a view shows: `{rows, total, counts}`. */
  chosen(view) {
    const { catalog } = this;
    this.ranks = view.task && this.tasks ? ranksIn(this.tasks, view.task) : null;
    if (view.view === "models") return { ...chooseModels(catalog, view, this), total: catalog.loaded };
    if (view.view === "compare") {
      const rows = view.compare.map((id) => catalog.place(id)).filter((place) => place >= 0);
      return { rows, total: view.compare.length, counts: null };
    }
    const list = this[view.view];
    if (!list) return { rows: [], total: 0, counts: null };
    const searched = (place) => this.#text(view.view, place);
    if (view.view === "movers") {
      const rows = chooseMovers(list, view, searched);
      return { rows, total: rows.length, counts: null };
    }
    return { rows: chooseThings(list, view, searched, sortOf(view)), total: list.ids.length, counts: null };
  }

  #text(name, place) {
    const { rows } = this[name];
    const texts = (this.#searched[name] ??= []);
    texts[place] ??= folded(SEARCHED[name].map((column) => rows[column]?.[place] ?? "").join(" ").slice(0, 4_000));
    return texts[place];
  }

  async #load(name) {
    try {
      const list = await this.catalog[name]();
      if (this[name]) return;
      this[name] = list;
      this.arrived();
    } catch (error) {
      this.failed(error);
    }
  }
}
