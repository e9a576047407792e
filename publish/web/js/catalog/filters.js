/** The controls: reads them, and puts a view and its counts into them. */

import { byId, el } from "../dom.js";
import { number } from "../format.js";
import { cut } from "./format.js";
import { EVERYTHING, ONLY, SORTS, TERMS, sortOf } from "./url.js";

const CHOICES = { terms: TERMS, only: ONLY };
const NUMBERS = ["min", "span"];
const NARROWING = ["task", "terms", "family", "library", "author", "min", "only", "dataset", "paper", "base"];
const LIBRARIES_MOST = 60;

export class Filters {
  #filled = "";
  #sorts = "";

  /** `changed(patch, {typing})` is called with what a person changed of the view. */
  constructor({ form, search, sort, changed }) {
    Object.assign(this, { form, search, sort });
    for (const [name, known] of Object.entries(CHOICES)) {
      byId(name).append(...Object.entries(known).map(([value, label]) => choice(name, value, label)));
    }
    search.addEventListener("input", () => changed({ q: search.value }, { typing: true }));
    sort.addEventListener("change", () => changed({ sort: sort.value }, {}));
    form.addEventListener("change", (event) => {
      if (event.target.name) changed(this.#read(event.target.name), {});
    });
  }

  /** Put what there is to choose from into the selects, once it is known. */
  fill(catalog, tasks) {
    const key = `${catalog.loaded} ${Boolean(tasks)}`;
    if (key === this.#filled) return;
    this.#filled = key;
    const { models } = catalog;
    if (tasks) {
      options(this.form.elements.task, "Any task", tasks.ids.map((id, place) =>
        [id, `${cut(tasks.rows.task_label[place] || id, 60)} (${number(tasks.rows.models[place])})`]));
    }
    options(this.form.elements.library, "Any library", counted(models.library_name, catalog.loaded).slice(0, LIBRARIES_MOST));
    options(this.form.elements.family, "Any family", counted(models.license_family, catalog.loaded));
  }

  /** Put a view into the controls, without touching what is being typed. */
  show(view) {
    if (this.search.value !== view.q) this.search.value = view.q;
    this.#orders(view);
    const set = NARROWING.filter((name) => String(view[name]) !== String(EVERYTHING[name])).length;
    byId("set").textContent = set ? `(${set})` : "";
    for (const part of this.form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(view.view);
    for (const control of this.form.elements) {
      const value = view[control.name];
      if (control.type === "checkbox") control.checked = value.includes(control.value);
      else if (control.name && control.value !== String(value)) select(control, String(value));
    }
  }

  /** Show how many models each choice would leave. */
  count(counts) {
    for (const control of this.form.querySelectorAll("input[type=checkbox]")) {
      const count = counts?.[control.name]?.[control.value] ?? 0;
      const label = control.parentElement;
      label.lastElementChild.textContent = counts ? number(count) : "";
      label.classList.toggle("none", Boolean(counts) && !count && !control.checked);
    }
  }

  #orders(view) {
    if (this.#sorts !== view.view) {
      this.#sorts = view.view;
      this.sort.replaceChildren(...Object.entries(SORTS[view.view]).map(([value, label]) => el("option", { value }, label)));
    }
    this.sort.value = sortOf(view);
    this.sort.parentElement.hidden = this.sort.options.length < 2;
  }

  #read(name) {
    const controls = [...this.form.elements].filter((control) => control.name === name);
    if (Object.hasOwn(CHOICES, name)) {
      return { [name]: controls.filter((control) => control.checked).map((control) => control.value) };
    }
    const { value } = controls[0];
    return { [name]: NUMBERS.includes(name) ? Number(value) : value };
  }
}

/** Choose a value, also one that is not among those to choose from: an address may name any. */
function select(control, value) {
  control.value = value;
  if (control.value === value) return;
  control.append(el("option", { value, "data-named": true }, cut(value, 60)));
  control.value = value;
}

function options(control, any, known) {
  const { value } = control;
  control.replaceChildren(el("option", { value: "" }, any), ...known.map(([name, label]) => el("option", { value: name }, label)));
  if (value) select(control, value);
}

/** The words of a column with how many models have each, the most frequent first. */
function counted(column, size) {
  const counts = new Uint32Array(column.values.length);
  for (let model = 0; model < size; model += 1) counts[column.codes[model]] += 1;
  return [...counts.keys()].slice(1).sort((one, other) => counts[other] - counts[one])
    .map((code) => [column.values[code], `${cut(column.values[code], 60)} (${number(counts[code])})`]);
}

function choice(name, value, label) {
  return el("label", { class: "choice" }, el("input", { type: "checkbox", name, value }), el("span", {}, label), el("span", { class: "tally" }));
}
