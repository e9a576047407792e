/** The form in an opened issue with which an editor corrects it; a guest never sees it. */

import { Corrections, KINDS } from "./corrections.js";
import { el } from "./dom.js";
import { named as categories } from "./categories.js";
import { IMPACTS } from "./format.js";
import { whyNot } from "./session.js";

const ASKS = { title: "New title", category: "Category", impact: "Impact", merge: "Into which issue",
  fixed: "In what, such as a version" };
const OFFERED = 300; // issues that are offered for a merge, the hottest

export class Correct {
  #issue = null;

  /** `others()` gives the issues that are listed, `find(issueId)` one that is loaded. */
  constructor(session, others, find) {
    Object.assign(this, { session, others, find });
    this.kind = el("select", { name: "kind" },
      ...Object.entries(KINDS).map(([value, name]) => el("option", { value }, name)));
    this.value = el("div", { class: "correct-value" });
    this.why = el("input", { name: "why", type: "text", maxlength: 500, required: true, autocomplete: "off" });
    this.status = el("p", { class: "quiet", role: "status" });
    this.waiting = el("p", { class: "notice", hidden: true });
    this.made = new Corrections(session, (issueId) => find(issueId)?.canonical_title.slice(0, 120) ?? issueId);
    this.form = el("form", { autocomplete: "off" },
      el("label", {}, "What to correct", this.kind), this.value, el("label", {}, "Why", this.why),
      el("button", { type: "submit", class: "button" }, "Save correction"), this.status);
    this.inside = [el("h3", { id: "correct-heading" }, "Correct this issue"), this.waiting, this.form,
      el("h3", {}, "Corrections of this issue"), this.made.element];
    this.element = el("section", { class: "correct", hidden: true, "aria-labelledby": "correct-heading" });
    this.kind.addEventListener("change", () => this.#ask());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
    session.changed(() => this.#refresh());
  }

  /** Show the form for an issue, or for none. */
  show(issue) {
    const same = issue?.issue_id === this.#issue?.issue_id;
    this.#issue = issue;
    if (same) return;
    this.form.reset();
    this.status.textContent = "";
    this.#ask();
    this.#refresh();
  }

  /** Make the button that splits a post off; null for a guest. */
  splitter(post) {
    if (!this.session.name) return null;
    const button = el("button", { type: "button", class: "plain" }, "Not of this issue");
    const said = el("span", { class: "quiet", role: "status" });
    button.addEventListener("click", async () => {
      button.disabled = true;
      said.textContent = await this.#send({ kind: "split_off", post: post.id, url_hash: post.url_hash,
        why: "not of this issue" });
    });
    return el("p", { class: "split" }, button, " ", said);
  }

  async #refresh() {
    const issue = this.#issue;
    const shown = Boolean(this.session.name && issue);
    this.element.hidden = !shown;
    this.element.replaceChildren(...(shown ? this.inside : [])); // a guest's page has no such form
    if (!shown) return;
    const count = await this.made.show(issue.issue_id);
    if (issue !== this.#issue) return;
    this.waiting.hidden = !count;
    this.waiting.textContent = "Correction waiting: the page shows it after the next build, not before.";
  }

  /** Put in the field that the chosen kind needs. */
  #ask() {
    const kind = this.kind.value;
    const named = { name: "value", required: true };
    const fields = {
      title: () => el("input", { ...named, type: "text", maxlength: 200 }),
      fixed: () => el("input", { ...named, type: "text", maxlength: 200 }),
      category: () => chosen(named, categories(), this.#issue?.category),
      impact: () => chosen(named, IMPACTS, this.#issue?.impact_level),
      merge: () => chosen(named, this.#titles(), ""),
    };
    const field = fields[kind]?.();
    if (kind === "title" && this.#issue) field.value = this.#issue.canonical_title.slice(0, 200);
    this.value.replaceChildren(...(field ? [el("label", {}, ASKS[kind], field)] : []));
  }

  #titles() {
    const others = this.others().filter((issue) => issue.issue_id !== this.#issue?.issue_id);
    return Object.fromEntries(others.slice(0, OFFERED)
      .map((issue) => [issue.issue_id, issue.canonical_title.slice(0, 120) || "Untitled issue"]));
  }

  async #save() {
    const kind = this.kind.value;
    const value = this.form.elements.namedItem("value")?.value.trim() ?? "";
    const into = kind === "merge" ? { into: this.find(value)?.id ?? "" } : {};
    this.status.textContent = await this.#send({ kind, value, ...into, why: this.why.value.trim() });
    if (this.status.textContent.startsWith("Saved")) this.why.value = "";
  }

  /** Send a correction of the shown issue; resolves to what to say about it. */
  async #send(correction) {
    const { issue_id, id } = this.#issue;
    try {
      await this.session.correct({ issue_id, issue: id, ...correction });
      return "Saved. It takes effect at the next build.";
    } catch (error) {
      return whyNot(error, this.session);
    }
  }
}

function chosen(attributes, names, now) {
  return el("select", attributes, ...Object.entries(names).map(([value, name]) =>
    el("option", { value, selected: value === now }, name)));
}
