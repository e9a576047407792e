/**
 * The issues that are loaded, and the choice among them: pure data, no page and no network.
 *
 * A record of PocketBase is one issue on one day. The store keeps the newest record of each issue.
 */

import { OTHER, isCategory } from "./categories.js";
import { IMPACTS } from "./format.js";

const SEARCHED = 20_000; // characters of an issue that are searched; a real one has under 2,000
const REASONS = ["title", "description", "category", "would_pay", "impact"];
const HIGHEST = { heat: (issue) => issue.heat, size: (issue) => issue.cluster_size };

/** Fold case, accents and compatibility forms away, as search does on both sides. */
export const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** The words of a search, folded. */
export const words = (query) => folded(query).split(/\s+/).filter(Boolean);

/** Make an issue from a record, whatever the record lacks. */
export function issueOf(record) {
  const text = (name) => String(record[name] ?? "");
  const numeric = (name) => Number(record[name]) || 0;
  const issue = { id: text("id"), would_pay_signal: record.would_pay_signal === true,
    is_latest: record.is_latest === true };
  for (const name of ["cluster_date", "issue_id", "canonical_title", "description", "labeled_by", "topic",
    "would_pay_because", "first_posted_at", "last_posted_at", "fixed_in", "content_hash"]) issue[name] = text(name);
  for (const name of ["heat", "heat_rank", "cluster_size", "confidence", "posts", "people", "impact_score",
    "category_confidence", "posts_open", "posts_answered", "posts_fixed", "posts_declined"]) {
    issue[name] = numeric(name);
  }
  issue.category = isCategory(text("category")) ? text("category") : OTHER;
  issue.impact_level = Object.hasOwn(IMPACTS, text("impact_level")) ? text("impact_level") : "low";
  issue.sources = Array.isArray(record.sources) ? record.sources.map(String) : [];
  issue.trend = (Array.isArray(record.trend) ? record.trend : []).map((point) => ({
    day: String(point?.day ?? ""), items: Number(point?.items) || 0, heat: Number(point?.heat) || 0,
  }));
  issue.quotes = (Array.isArray(record.quotes) ? record.quotes : []).map((quote) => ({
    text: String(quote?.text ?? ""), url: String(quote?.url ?? ""), source: String(quote?.source ?? ""),
  })).filter((quote) => quote.text);
  issue.models = (Array.isArray(record.models) ? record.models : []).map((model) => ({
    name: String(model?.name ?? ""), posts: Number(model?.posts) || 0,
  })).filter((model) => model.name);
  issue.lineage = (Array.isArray(record.lineage) ? record.lineage : []).map((change) => ({
    day: String(change?.day ?? ""), kind: String(change?.kind ?? ""), issue_id: String(change?.issue_id ?? ""),
    title: String(change?.title ?? ""),
  })).filter((change) => change.issue_id);
  const place = Array.isArray(record.place) ? record.place.map(Number) : [];
  issue.place = place.length === 2 && place.every(Number.isFinite) ? place : null;
  issue.corrections = (Array.isArray(record.corrections) ? record.corrections : [])
    .map((one) => ({ who: String(one?.who ?? "") })).filter(({ who }) => who);
  issue.because = Object.fromEntries(REASONS.map((name) => [name, String(record.because?.[name] ?? "")]));
  issue.searched = folded(`${issue.canonical_title}\n${issue.description}`.slice(0, SEARCHED));
  return issue;
}

/** The loaded records by id. */
export class Store {
  constructor() {
    this.records = new Map();
  }

  put(issue) {
    this.records.set(issue.id, issue);
  }

  /** The newest loaded record of each issue, in no order. */
  newest() {
    const newest = new Map();
    for (const issue of this.records.values()) {
      const other = newest.get(issue.issue_id);
      if (!other || isNewer(issue, other)) newest.set(issue.issue_id, issue);
    }
    return [...newest.values()];
  }

  /** The newest loaded record of one issue, or undefined. */
  find(issueId) {
    let found;
    for (const issue of this.records.values()) {
      if (issue.issue_id === issueId && (!found || isNewer(issue, found))) found = issue;
    }
    return found;
  }
}

/**
 * Choose and sort what a view shows. `inPosts` holds ids of records whose posts match the search.
 *
 * Returns `{rows, counts}`; `counts` says for each value of a filter how many issues it would leave
 * if only the other filters were set, which is what a person wants to know before a click.
 */
export function choose(issues, view, inPosts = new Set()) {
  const wanted = words(view.q);
  const counts = { category: Object.create(null), impact: {}, source: {}, label: {}, pay: { true: 0 } };
  const rows = issues.filter((issue) => {
    const failed = failures(issue, view, wanted, inPosts);
    if (failed.length <= 1) count(counts, issue, failed[0]);
    return !failed.length;
  });
  return { rows: rows.sort(order(view.sort)), counts };
}

function failures(issue, view, wanted, inPosts) {
  const failed = [];
  const keep = (passes, name) => passes || failed.push(name);
  keep(!view.category.length || view.category.includes(issue.category), "category");
  keep(!view.impact.length || view.impact.includes(issue.impact_level), "impact");
  keep(!view.source.length || view.source.some((name) => issue.sources.includes(name)), "source");
  keep(!view.pay || issue.would_pay_signal, "pay");
  keep(!view.label || issue.labeled_by === view.label, "label");
  keep(issue.cluster_size >= view.min, "min");
  if (failed.length > 1) return failed; // it is out, and counts nowhere: its text need not be read
  keep(wanted.every((word) => issue.searched.includes(word)) || inPosts.has(issue.id), "q");
  return failed;
}

function count(counts, issue, failed) {
  const add = (name, value) => {
    if (failed === undefined || failed === name) counts[name][value] = (counts[name][value] ?? 0) + 1;
  };
  add("category", issue.category);
  add("impact", issue.impact_level);
  add("label", issue.labeled_by);
  if (issue.would_pay_signal) add("pay", true);
  for (const source of new Set(issue.sources)) add("source", source);
}

function order(sort) {
  const value = HIGHEST[sort];
  const first = value
    ? (one, other) => value(other) - value(one)
    : (one, other) => compared(other.last_posted_at, one.last_posted_at);
  return (one, other) => first(one, other) || compared(one.issue_id, other.issue_id);
}

const compared = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

const isNewer = (one, other) =>
  (compared(one.cluster_date, other.cluster_date) || compared(one.id, other.id)) > 0;
