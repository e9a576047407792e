/** The opened issue: what it is, why it ranks where it does, and the posts that prove it. */

import { el } from "./dom.js";
import { Evidence } from "./evidence.js";
import { CATEGORIES, IMPACTS, LABELS, day, days, heat, number, plural } from "./format.js";
import { gauge, named } from "./row.js";
import { chart } from "./spark.js";

export class IssueView {
  #shown = ""; // what is on the screen, to leave it alone when nothing changed

  constructor(element, api, close) {
    this.element = element;
    this.evidence = new Evidence(api);
    this.title = el("h2", { id: "issue-title", tabindex: "-1", dir: "auto" });
    this.notice = el("p", { class: "notice" });
    this.body = el("div", { class: "issue-body" });
    const button = el("button", { type: "button", class: "button close" }, "Close",
      el("kbd", { "aria-hidden": "true" }, "Esc"));
    button.addEventListener("click", close);
    element.setAttribute("aria-labelledby", "issue-title");
    element.append(el("div", { class: "issue-bar" }, button), this.notice, this.title, this.body,
      this.evidence.element);
  }

  /** Show an issue; `older`: it is not among the days that the list shows. */
  show(issue, { older = false } = {}) {
    const key = `${issue.id} ${issue.content_hash} ${older}`;
    this.element.hidden = false;
    if (key === this.#shown && issue.content_hash) return;
    if (!this.#shown.startsWith(`${issue.id} `)) this.element.scrollTop = 0;
    this.#shown = key;
    this.title.textContent = issue.canonical_title || "Untitled issue";
    this.notice.hidden = !older;
    this.notice.textContent = `Not among the days listed: last seen on ${day(issue.cluster_date)}.`;
    this.body.replaceChildren(
      el("p", { class: "description", dir: "auto" }, issue.description || "No description."),
      facts(issue), el("h3", {}, "Trend"), chart(issue.trend));
    this.evidence.element.hidden = false;
    this.evidence.show(issue.id);
  }

  /** Say why there is nothing to show: `Loading…`, or that the issue is gone. */
  say(title, notice = "") {
    this.#shown = "";
    this.element.hidden = false;
    this.title.textContent = title;
    this.notice.hidden = !notice;
    this.notice.textContent = notice;
    this.body.replaceChildren();
    this.evidence.element.hidden = true;
    this.evidence.show("");
  }

  hide() {
    this.#shown = "";
    this.element.hidden = true;
    this.evidence.show("");
  }

  /** Move the focus to the title, for those who open an issue without seeing it appear. */
  focus() {
    this.title.focus({ preventScroll: true });
  }
}

function facts(issue) {
  const rows = [
    ["Heat", `${heat(issue.heat)}${issue.heat_rank ? `, rank ${number(issue.heat_rank)}` : ""}`],
    ["Impact", [gauge(issue.impact_level), IMPACTS[issue.impact_level]]],
    ["Category", CATEGORIES[issue.category]],
    ["Would pay", issue.would_pay_signal ? "Yes, somebody says so" : "Nobody says so"],
    ["Cluster size", plural(issue.cluster_size, "post")],
    ["Confidence", `${number(Math.round(issue.confidence * 100))}%`],
    ["Label by", LABELS[issue.labeled_by] ?? (issue.labeled_by || "Unknown")],
    ["Sources", named(issue.sources) || "None"],
    ["Posted", days(issue.first_posted_at, issue.last_posted_at)],
    ["Clustered", day(issue.cluster_date)],
  ];
  return el("dl", { class: "facts" }, ...rows.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, ...[value].flat()))));
}
