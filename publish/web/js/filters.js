/** The filters: reads them from the controls, and puts a view and its counts into them. */

import { byId, el } from "./dom.js";
import { SOURCES, number } from "./format.js";
import { EVERYTHING } from "./url.js";

const COUNTED = ["category", "impact", "source"];
const NARROWING = [...COUNTED, "pay", "label", "min", "from", "to"];

export class Filters {
  #offered = "";

  /** `changed(patch, {typing})` is called with what a person changed of the view. */
  constructor({ form, search, sort, changed }) {
    Object.assign(this, { form, search, sort });
    byId("sources").append(...Object.entries(SOURCES).map(([name, label]) => choice("source", name, label)));
    search.addEventListener("input", () => changed({ q: search.value }, { typing: true }));
    sort.addEventListener("change", () => changed({ sort: sort.value }, {}));
    form.addEventListener("change", (event) => {
      // A date is empty, and invalid, while it is typed: it counts when it is whole.
      if (event.target.validity?.badInput) return;
      if (event.target.name) changed(this.#read(event.target.name), {});
    });
  }

  /** Offer these categories, `{word: name}`, to choose from. */
  offer(categories) {
    const wanted = JSON.stringify(categories);
    if (wanted === this.#offered) return;
    this.#offered = wanted;
    byId("categories").replaceChildren(byId("categories").firstElementChild,
      ...Object.entries(categories).map(([word, name]) => choice("category", word, name)));
  }

  /** Put a view into the controls, without touching what is being typed. */
  show(view) {
    if (this.search.value !== view.q) this.search.value = view.q;
    this.sort.value = view.sort;
    const set = NARROWING.filter((name) => String(view[name]) !== String(EVERYTHING[name])).length;
    byId("set").textContent = set ? `(${set})` : "";
    for (const control of this.form.elements) {
      const value = view[control.name];
      if (control.type === "checkbox") {
        control.checked = Array.isArray(value) ? value.includes(control.value) : Boolean(value);
      } else if (control.name && control.value !== String(value) && document.activeElement !== control) {
        control.value = String(value);
      }
    }
  }

  /** Show how many issues each choice would leave; nothing while none are loaded. */
  count(counts, known) {
    for (const control of this.form.querySelectorAll("input[type=checkbox][name]")) {
      const { name } = control;
      const count = COUNTED.includes(name) ? counts[name][control.value] ?? 0 : counts.pay.true;
      const label = control.parentElement;
      label.lastElementChild.textContent = known ? number(count) : "";
      label.classList.toggle("none", known && !count && !control.checked);
    }
  }

  #read(name) {
    const controls = [...this.form.elements].filter((control) => control.name === name);
    if (COUNTED.includes(name)) {
      const values = controls.filter((control) => control.checked).map((control) => control.value);
      return { [name]: name === "category" ? values.sort() : values };
    }
    const [control] = controls;
    if (name === "pay") return { pay: control.checked };
    return { [name]: name === "min" ? Number(control.value) : control.value };
  }
}

/** Make a checkbox with its label and, behind it, the number of issues that it would leave. */
function choice(name, value, label) {
  return el("label", { class: "choice" },
    el("input", { type: "checkbox", name, value }), el("span", {}, label), el("span", { class: "tally" }));
}
