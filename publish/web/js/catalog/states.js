/** What the page says about itself: loading, nothing there, and what a person narrowed by name. */

import { byId, el } from "../dom.js";
import { number, plural } from "../format.js";
import { cut } from "./format.js";
import { VIEWS, isFiltered } from "./url.js";

const BREATH = 700; // ms between two sentences to a screen reader
const NOUNS = { models: ["model"], tasks: ["task"], datasets: ["data set"], papers: ["paper"], movers: ["mover"], compare: ["model"] };
const BY_NAME = { author: "By", dataset: "Names", paper: "Names paper", base: "Made from" };

export class States {
  #saying = 0;
  #said = "";

  constructor({ clear, drop, again }) {
    Object.assign(this, { clear, drop, again });
  }

  /** Show how many there are, or why there are none. */
  result({ view, shown, total, loading, of, kept }) {
    const first = loading && !total;
    byId("list").setAttribute("aria-busy", String(first));
    byId("skeleton").hidden = !first;
    byId("count").textContent = first ? "Loading…" : this.#counted({ view, shown, total, loading });
    byId("kept").textContent = of > kept ? `The ${number(kept)} most downloaded of ${number(of)} models.` : "";
    byId("kept").hidden = !(of > kept);
    byId("panel").hidden = shown > 0 || first;
    if (!byId("panel").hidden) this.#nothing(view, total);
    if (!loading) this.#announce(`${this.#noun(view, shown)} shown.`);
  }

  /** Show what a view is narrowed by that no control shows. */
  chips(view, titles) {
    const chips = Object.entries(BY_NAME).filter(([name]) => view[name]).map(([name, what]) => {
      const text = `${what} ${cut(titles[name] ?? view[name], 80)}`;
      const button = el("button", { type: "button", class: "chip", "aria-label": `${text}: take away` },
        el("span", { dir: "auto" }, text), el("span", { "aria-hidden": "true" }, "×"));
      button.addEventListener("click", () => this.drop(name));
      return button;
    });
    byId("chips").hidden = !chips.length;
    byId("chips").replaceChildren(...chips);
  }

  /** Say that nothing can be shown at all. */
  failed(title, text, label = "") {
    byId("skeleton").hidden = true;
    byId("list").setAttribute("aria-busy", "false");
    byId("count").textContent = "No catalog";
    byId("panel").hidden = false;
    this.#panel(title, text, label ? this.again : null, label);
  }

  /** Say something above the list, with what can be done about it. */
  banner(text, label) {
    const button = el("button", { type: "button", class: "plain" }, label);
    button.addEventListener("click", this.again);
    byId("banner").replaceChildren(`${text} `, button);
    byId("banner").hidden = false;
  }

  #counted({ view, shown, total, loading }) {
    if (loading) return `${number(total)} models so far, loading…`;
    return shown === total || view.view === "movers" || view.view === "compare" ? this.#noun(view, shown)
      : `${number(shown)} of ${this.#noun(view, total)}`;
  }

  #noun(view, count) {
    return plural(count, ...NOUNS[view.view]);
  }

  #nothing(view, total) {
    if (view.view === "compare") this.#panel("Nothing to compare yet", "Choose up to four models in the list: the sign at the end of a row, or c.");
    else if (isFiltered(view)) this.#panel(`No ${NOUNS[view.view][0]} matches`, "Loosen a filter, or take other words.", this.clear, "Clear all filters");
    else if (view.view === "movers") this.#panel("Nothing moved so", "Movement needs listings of two days at least: the Hub tells today's counts alone.");
    else this.#panel(`No ${VIEWS[view.view].toLowerCase()}`, total ? "" : "The warehouse knows none.");
  }

  #panel(title, text, action = null, label = "") {
    const key = `${title} ${label}`;
    if (byId("panel").dataset.title === key) return;
    byId("panel").dataset.title = key;
    const button = action && el("button", { type: "button", class: "button" }, label);
    button?.addEventListener("click", action);
    byId("panel").replaceChildren(...[el("h2", {}, title), el("p", {}, text), button].filter(Boolean));
  }

  #announce(sentence) {
    if (sentence === this.#said) return;
    this.#said = sentence;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => (byId("announcer").textContent = sentence), BREATH);
  }
}
