/** The opened thing: a model with its days, its family and its complaints; a data set; a paper. */

import { el, inwards, outwards } from "../dom.js";
import { plural } from "../format.js";
import { history } from "./chart.js";
import { factsOf } from "./facts.js";
import { cut, dayOf, exact } from "./format.js";
import { onArxiv, onHub } from "./links.js";
import { tree } from "./tree.js";

const NAMED_MOST = 30; // data sets, papers or models that are listed in an opened thing

export class Detail {
  #shown = "";

  constructor(element, { close, toggle, queryOf, failed }) {
    Object.assign(this, { element, queryOf, failed });
    this.title = el("h2", { id: "detail-title", tabindex: "-1", dir: "auto" });
    this.body = el("div", { class: "detail-body" });
    this.toggle = el("button", { type: "button", class: "button", id: "detail-compare" }, "Compare");
    const button = el("button", { type: "button", class: "button close" }, "Close", el("kbd", { "aria-hidden": "true" }, "Esc"));
    button.addEventListener("click", close);
    this.toggle.addEventListener("click", toggle);
    element.setAttribute("aria-labelledby", "detail-title");
    element.append(el("div", { class: "issue-bar" }, this.toggle, button), this.title, this.body);
  }

  /** Show a model. `key` changes when something else of it is known. */
  async model(catalog, model, key, { compared, issues }) {
    this.toggle.hidden = false;
    this.toggle.textContent = compared ? "Do not compare" : "Compare";
    if (!this.#begin(`model ${key}`, catalog.models.model_id[model])) return;
    const mine = this.#shown;
    const id = catalog.models.model_id[model];
    const parts = Object.fromEntries(["facts", "days", "family", "named", "told"].map((name) => [name, el("div", { id: `detail-${name}` })]));
    this.body.replaceChildren(leads(onHub(catalog.manifest.hub, id), catalog.models.author[model],
      (author) => this.queryOf({ author })), ...Object.values(parts));
    parts.told.append(...complaints(catalog.complaints.get(model), issues));
    const fill = async (name, asked, make) => {
      const made = await asked.then(make).catch((error) => {
        this.failed(error);
        return [el("p", { class: "quiet" }, "This could not be loaded.")];
      });
      if (mine === this.#shown) parts[name].replaceChildren(...made);
    };
    parts.facts.append(facts(factsOf(catalog, model, null)));
    await Promise.all([
      fill("facts", catalog.tasks(), (tasks) => [facts(factsOf(catalog, model, tasks))]),
      fill("days", catalog.history(model), (days) => charts(days)),
      fill("family", catalog.lineage(), (lineage) => [el("h3", {}, "Family"),
        ...tree(catalog, lineage, model, (open) => this.queryOf({ open }), (base) => this.queryOf({ base }))]),
      fill("named", Promise.all([catalog.datasets(), catalog.papers()]), ([datasets, papers]) => [
        ...this.#named("Data sets", datasets, model, (open) => ({ view: "datasets", open }), datasets.ids),
        ...this.#named("Papers", papers, model, (open) => ({ view: "papers", open }), papers.rows.title)]),
    ]);
  }

  /** Show a data set or a paper. */
  thing(catalog, kind, things, place) {
    this.toggle.hidden = true;
    const { rows, ids } = things;
    const id = ids[place];
    const isPaper = kind === "papers";
    const title = (isPaper && rows.title[place]) || id;
    if (!this.#begin(`${kind} ${id} ${catalog.loaded}`, title)) return;
    const link = isPaper ? onArxiv(catalog.manifest.arxiv, id) : onHub(catalog.manifest.hub, id, "datasets/");
    const text = isPaper ? rows.summary[place] : rows.description[place];
    const said = isPaper
      ? [["arXiv", id], ["Authors", rows.authors[place]], ["Category", rows.primary_category[place]],
        ["Published", dayOf(rows.published_on[place], "Unknown")], ["DOI", rows.doi[place]]]
      : [["By", rows.author[place]], ["Licence", rows.license[place]], ["Downloads in 30 days", exact(rows.downloads[place])],
        ["Likes", exact(rows.likes[place])], ["Last changed", dayOf(rows.modified_on[place], "Unknown")]];
    const models = things.pairs.modelsOf(place).sort((one, other) => one - other);
    this.body.replaceChildren(leads(link),
      el("p", { class: "description", dir: "auto" }, text || unknown(rows.reason[place])),
      facts([...said.map(([name, value]) => [name, cut(value ?? "", 400) || "Unknown"]),
        ["Downloads of its models", exact(rows.models_downloads[place])]]),
      el("h3", {}, `Models that name it: ${exact(models.length)}`),
      list(models.slice(0, NAMED_MOST).map((model) => catalog.models.model_id[model]).filter(Boolean)
        .map((open) => inwards(this.queryOf({ view: "models", open }), { dir: "auto" }, cut(open, 120)))),
      el("p", {}, inwards(this.queryOf({ view: "models", [isPaper ? "paper" : "dataset"]: id }), {}, "List them all")));
  }

  /** Say why there is nothing to show. */
  say(title, text = "") {
    this.toggle.hidden = true;
    if (this.#begin(`said ${title} ${text}`, title)) this.body.replaceChildren(el("p", { class: "quiet" }, text));
  }

  hide() {
    this.#shown = "";
    this.element.hidden = true;
  }

  focus() {
    this.title.focus({ preventScroll: true });
  }

  #begin(key, title) {
    this.element.hidden = false;
    if (key === this.#shown) return false;
    if (this.title.textContent !== cut(title)) this.element.scrollTop = 0;
    this.#shown = key;
    this.title.textContent = cut(title);
    return true;
  }

  #named(title, things, model, patchOf, names) {
    const places = things.pairs.thingsOf(model);
    if (!places.length) return [];
    return [el("h3", {}, title), list(places.slice(0, NAMED_MOST).map((place) =>
      inwards(this.queryOf(patchOf(things.ids[place])), { dir: "auto" }, cut(names[place] || things.ids[place], 160))))];
  }
}

const unknown = (reason) => (reason ? `Nothing is known of it: ${cut(reason, 80).replaceAll("_", " ")}.` : "No description.");

function leads(link, author = "", queryOf = null) {
  return el("p", { class: "leads" },
    link ? outwards(link, {}, link.host) : el("span", { class: "quiet" }, "No address: its name is none."),
    author ? inwards(queryOf(author), {}, `All of ${cut(author, 60)}`) : null);
}

function charts({ days, downloads, likes, rank }) {
  const made = [history("Downloads in 30 days", days, downloads), history("Likes", days, likes),
    history("Rank in its best task", days, rank, { isRank: true })].filter(Boolean);
  return made.length ? [el("h3", {}, "Day by day"), ...made] : [];
}

function complaints(complaint, issues) {
  if (!complaint) return [];
  const told = complaint.issues.map(({ id, title, posts, people }) => {
    const name = cut(title) || "Untitled issue";
    const link = el("a", { dir: "auto" }, name);
    if (issues) link.href = `${issues}?${new URLSearchParams({ issue: id })}`;
    return el("li", {}, issues ? link : el("span", { dir: "auto" }, name),
      el("span", { class: "quiet" }, ` ${plural(posts, "post")}, ${plural(people, "person", "people")}`));
  });
  return [el("h3", {}, "What developers complain about"),
    el("p", {}, `${plural(complaint.posts, "post")} of ${plural(complaint.people, "person", "people")} speak of it, ` +
      `${exact(complaint.problems)} of problems; the last on ${dayOf(complaint.last, "a day unknown")}.`),
    told.length ? el("ul", { class: "named" }, ...told) : null].filter(Boolean);
}

function facts(rows) {
  return el("dl", { class: "facts" }, ...rows.map(([name, value, isWarning]) =>
    el("div", {}, el("dt", {}, name), el("dd", { class: isWarning ? "warns" : null, dir: "auto" }, value))));
}

const list = (links) => el("ul", { class: "named" }, ...links.map((link) => el("li", {}, link)));
