/** The opened issue: what it is, why it ranks where it does, and the posts that prove it. */

import { nameOf } from "./categories.js";
import { el, inwards, outwards } from "./dom.js";
import { Evidence } from "./evidence.js";
import { IMPACTS, LABELS, SOURCES, day, days, heat, number, people, plural } from "./format.js";
import { webLink } from "./links.js";
import { gauge, named } from "./row.js";
import { chart } from "./spark.js";

export class IssueView {
  #shown = ""; // what is on the screen, to leave it alone when nothing changed

  constructor(element, api, correct, close) {
    Object.assign(this, { element, correct });
    this.evidence = new Evidence(api, (post) => correct.splitter(post));
    this.title = el("h2", { id: "issue-title", tabindex: "-1", dir: "auto" });
    this.notice = el("p", { class: "notice" });
    this.body = el("div", { class: "issue-body" });
    const button = el("button", { type: "button", class: "button close" }, "Close",
      el("kbd", { "aria-hidden": "true" }, "Esc"));
    button.addEventListener("click", close);
    element.setAttribute("aria-labelledby", "issue-title");
    element.append(el("div", { class: "issue-bar" }, button), this.notice, this.title, this.body,
      correct.element, this.evidence.element);
  }

  /** Show an issue; `older`: it is not among the days that the list shows. */
  show(issue, { older = false } = {}) {
    const key = `${issue.id} ${issue.content_hash} ${older} ${nameOf(issue.category)}`;
    this.element.hidden = false;
    if (key === this.#shown && issue.content_hash) return;
    if (!this.#shown.startsWith(`${issue.id} `)) this.element.scrollTop = 0;
    this.#shown = key;
    this.title.textContent = issue.canonical_title || "Untitled issue";
    this.notice.hidden = !older;
    this.notice.textContent = `Not among the days listed: last seen on ${day(issue.cluster_date)}.`;
    this.body.replaceChildren(
      el("p", { class: "description", dir: "auto" }, issue.description || "No description."),
      ...quotes(issue.quotes), ...paying(issue), facts(issue), ...reasons(issue.because),
      ...byHand(issue.corrections), ...lineage(issue.lineage), el("h3", {}, "Trend"), chart(issue.trend));
    this.correct.show(issue);
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
    this.correct.show(null);
    this.evidence.element.hidden = true;
    this.evidence.show("");
  }

  hide() {
    this.#shown = "";
    this.element.hidden = true;
    this.correct.show(null);
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
    ["Impact", [gauge(issue.impact_level), `${IMPACTS[issue.impact_level]}${score(issue.impact_score)}`]],
    ["Category", `${nameOf(issue.category)}${sure(issue.category_confidence)}`],
    ["Topic", issue.topic || "None"],
    ["Would pay", issue.would_pay_signal ? "Yes, somebody says so" : "Nobody says so"],
    ["People", issue.people ? people(issue.people) : "Not counted"],
    ["Cluster size", plural(issue.cluster_size, "post")],
    ["State", states(issue)],
    ...(issue.fixed_in ? [["Fixed in", issue.fixed_in.slice(0, 200)]] : []),
    ["Confidence", `${number(Math.round(issue.confidence * 100))}%`],
    ["Label by", LABELS[issue.labeled_by] ?? (issue.labeled_by || "Unknown")],
    ["Sources", named(issue.sources) || "None"],
    ...spokenOf(issue.models),
    ["Posted", days(issue.first_posted_at, issue.last_posted_at)],
    ["Clustered", day(issue.cluster_date)],
  ];
  return el("dl", { class: "facts" }, ...rows.map(([name, value]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, ...[value].flat()))));
}

const score = (value) => (value ? `, score ${value.toFixed(2)}` : "");

/** Write ", 62% sure" behind a value; nothing where nobody says how sure. */
const sure = (value) => (value ? `, ${number(Math.round(value * 100))}% sure` : "");

function paying(issue) {
  if (!issue.would_pay_signal || !issue.would_pay_because) return [];
  return [el("p", { class: "paying", dir: "auto" }, el("b", {}, "On paying: "), el("q", {}, issue.would_pay_because))];
}

/** Make the row of what the posts speak of; none where they speak of nothing that the Hub has. */
function spokenOf(models) {
  if (!models.length) return [];
  return [["Speaks of", models.map(({ name, posts }) => `${name.slice(0, 100)} (${plural(posts, "post")})`).join(", ")]];
}

function states(issue) {
  const told = [["posts_open", "open"], ["posts_answered", "answered"], ["posts_fixed", "fixed"],
    ["posts_declined", "declined"]].filter(([name]) => issue[name]);
  return told.map(([name, state]) => `${number(issue[name])} ${state}`).join(", ") || "Its sources do not say";
}

/** Make the quotes; only an http or https address becomes a link. */
function quotes(some) {
  if (!some.length) return [];
  const items = some.map(({ text, url, source }) => {
    const link = webLink(url);
    const name = SOURCES[source] ?? source.slice(0, 40);
    return el("blockquote", { class: "quote" }, el("p", { dir: "auto" }, text),
      el("footer", {}, link ? outwards(link, {}, name) : name));
  });
  return [el("div", { class: "quotes" }, ...items)];
}

const CHANGES = { split_from: "Split off from", split_into: "Gave posts to", merged_from: "Took in",
  merged_into: "Went into" };

/** Make the list of splits and merges, with links to the other issues; none for most issues. */
function lineage(changes) {
  if (!changes.length) return [];
  const items = changes.filter(({ kind }) => CHANGES[kind]).map(({ day: on, kind, issue_id, title }) =>
    el("li", {}, `${CHANGES[kind]} `, inwards(`?issue=${encodeURIComponent(issue_id)}`, { class: "inwards" },
      title.slice(0, 200) || "an issue without a title"), ` on ${day(on)}`));
  return [el("h3", {}, "Where it came from"), el("ul", { class: "lineage" }, ...items)];
}

/** Say that people corrected the issue: who, and why. */
function byHand(corrections) {
  if (!corrections.length) return [];
  const names = [...new Set(corrections.map(({ who }) => who.slice(0, 100)))].join(", ");
  return [el("p", { class: "quiet", dir: "auto" }, `Corrected by hand: ${names}`)];
}

const WHY = { title: "Title", description: "Description", category: "Category", would_pay: "Would pay",
  impact: "Impact" };

function reasons(because) {
  const given = Object.entries(WHY).filter(([name]) => because[name]);
  if (!given.length) return [];
  return [el("details", { class: "why" }, el("summary", {}, "Why these fields say so"),
    el("dl", {}, ...given.map(([name, title]) =>
      el("div", {}, el("dt", {}, title), el("dd", { dir: "auto" }, because[name])))))];
}
