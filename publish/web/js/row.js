/** One row of the list: a link that holds an issue's title and what ranks it. */

import { el, inwards, svg } from "./dom.js";
import { IMPACTS, SOURCES, heat, people, plural } from "./format.js";
import { sparkline } from "./spark.js";

const LONGEST = 300; // characters of a title that can be seen in two lines, and more
const LEVELS = { low: 1, medium: 2, high: 3 };

/** Make the row of an issue; `query` is the address that opens it. */
export function row(issue, query, { openIssue, inPosts, category }) {
  const title = issue.canonical_title.slice(0, LONGEST) || "Untitled issue";
  const link = inwards(query, { class: "row-link", "aria-current": openIssue ? "true" : null },
    el("span", { class: "row-place", "aria-hidden": "true" }),
    el("span", { class: "row-text" },
      el("span", { class: "row-title", dir: "auto" }, title),
      el("span", { class: "row-facts" }, ...facts(issue, inPosts, category))),
    el("span", { class: "row-score" }, sparkline(issue.trend),
      el("span", { class: "row-heat" }, el("span", { class: "unseen" }, ", heat "), heat(issue.heat))));
  return el("li", { class: "row", "data-issue": issue.issue_id }, link);
}

function facts(issue, inPosts, category) {
  const items = [
    el("span", { class: "fact" }, category),
    el("span", { class: `fact impact-${issue.impact_level}` }, gauge(issue.impact_level),
      IMPACTS[issue.impact_level], el("span", { class: "wide" }, " impact")),
    issue.would_pay_signal ? el("span", { class: "fact pays" }, "Would pay") : null,
    issue.people ? el("span", { class: "fact" }, people(issue.people)) : null,
    el("span", { class: "fact" }, plural(issue.cluster_size, "post")),
    inPosts ? el("span", { class: "fact" }, "Found in its posts") : null,
    el("span", { class: "fact minor" }, named(issue.sources)),
    el("span", { class: "fact minor" }, issue.labeled_by === "llm" ? "Model label" : "Local label"),
  ];
  return items.filter(Boolean).flatMap((item) => [el("span", { class: "unseen" }, ", "), item]);
}

/** Name the sources of an issue. */
export const named = (sources) => sources.map((name) => SOURCES[name] ?? name.slice(0, 40)).join(", ");

/** Make the three bars that show an impact beside its name. */
export function gauge(level) {
  const frame = svg("svg", { class: "gauge", viewBox: "0 0 11 10", width: 11, height: 10,
    "aria-hidden": "true", focusable: "false" });
  for (const bar of [1, 2, 3]) {
    frame.append(svg("rect", { class: bar <= LEVELS[level] ? "on" : "off", x: (bar - 1) * 4,
      y: 10 - bar * 3.3, width: 3, height: bar * 3.3, rx: 0.5 }));
  }
  return frame;
}
