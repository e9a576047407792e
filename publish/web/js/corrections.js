/** A list of corrections: what was said, by whom, what became of it, and how it is taken back. */

import { isCategory, nameOf } from "./categories.js";
import { el } from "./dom.js";
import { IMPACTS, day } from "./format.js";
import { whyNot } from "./session.js";

export const KINDS = {
  title: "Title", category: "Category", impact: "Impact", merge: "Merge into another issue",
  fixed: "Fixed in", mute: "Mute", no_problem: "No problem",
};
const SAID = { ...KINDS, merge: "Merged into", split_off: "Post split off", revoke: "Taken back" };
const WAITING = "waiting: it takes effect at the next build";
const STATES = {
  in_force: "in force", without_effect: "changes nothing", replaced: "replaced", revoked: "taken back",
  unknown: "changes nothing", refused: "not understood",
};

export class Corrections {
  #asked = 0;

  /** `title(issueId)` names an issue that is on the page. */
  constructor(session, title) {
    Object.assign(this, { session, title });
    this.status = el("p", { class: "quiet", role: "status" });
    this.list = el("ol", { class: "corrections" });
    this.element = el("div", {}, this.list, this.status);
  }

  /** Show those of one issue, or all; resolves to how many wait for a build. */
  async show(issueId = "") {
    const asked = ++this.#asked;
    this.status.textContent = "";
    if (!this.session.name) return this.#fill([], issueId);
    try {
      const items = await this.session.corrections(issueId);
      if (asked !== this.#asked) return 0;
      if (!items.length) this.status.textContent = "Nothing was corrected.";
      return this.#fill(items, issueId);
    } catch {
      if (asked === this.#asked) this.status.textContent = "The corrections cannot be loaded.";
      return 0;
    }
  }

  #fill(items, issueId) {
    const taken = new Set();
    const nodes = items.map((item) => {
      const about = `${item.issue_id} ${item.kind === "revoke" ? item.value : item.kind} ${item.url_hash}`;
      const newest = !taken.has(about);
      taken.add(about);
      return this.#item(item, { undo: newest && item.kind !== "revoke", named: !issueId });
    });
    this.list.replaceChildren(...nodes);
    return items.filter((item) => !item.state).length;
  }

  #item(item, { undo, named }) {
    const what = [SAID[item.kind] ?? item.kind, this.#value(item)].filter(Boolean).join(": ");
    const state = item.state
      ? [STATES[item.state] ?? item.state, item.state_because].filter(Boolean).join(", ") : WAITING;
    return el("li", { class: item.state ? "" : "waiting" },
      el("p", { dir: "auto" }, el("b", {}, what), named ? ` (${this.title(item.issue_id)})` : null),
      el("p", { class: "quiet", dir: "auto" }, `${item.who}, ${day(item.made_at)}: ${item.why}`),
      el("p", { class: "quiet", dir: "auto" }, state),
      undo ? this.#undo(item, what) : null);
  }

  #value({ kind, value }) {
    if (kind === "category") return isCategory(value) ? nameOf(value) : value;
    if (kind === "impact") return IMPACTS[value] ?? value;
    if (kind === "merge") return this.title(value);
    return kind === "revoke" ? SAID[value] ?? value : value;
  }

  #undo(item, what) {
    const button = el("button", { type: "button", class: "plain", "aria-label": `Take back: ${what}` }, "Take back");
    button.addEventListener("click", async () => {
      button.disabled = true;
      const back = { issue_id: item.issue_id, kind: "revoke", value: item.kind, url_hash: item.url_hash,
        revokes: item.id, why: "taken back on the page" };
      try {
        await this.session.correct(back);
      } catch (error) {
        button.disabled = false;
        this.status.textContent = whyNot(error, this.session);
      }
    });
    return button;
  }
}
