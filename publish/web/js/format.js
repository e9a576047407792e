/** Numbers, days and names as people read them. Days are UTC days. */

const NUMBER = new Intl.NumberFormat("en-GB");
const HEAT = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", timeZone: "UTC",
});
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export const IMPACTS = { high: "High", medium: "Medium", low: "Low" };
export const SOURCES = {
  github: "GitHub", stackoverflow: "Stack Overflow", reddit: "Reddit", hackernews: "Hacker News",
};
export const LABELS = { local: "Local rules", llm: "Language model" };

export const number = (value) => NUMBER.format(value);
export const heat = (value) => HEAT.format(value);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;
export const people = (count) => plural(count, "person", "people");
export const clock = (date) => CLOCK.format(date);

/** Format a day or a moment, `2026-11-20` or `2026-11-20 10:00:00.000Z`; empty stays empty. */
export function day(text) {
  const moment = utc(text);
  return moment ? DAY.format(moment) : "";
}

/** Format the days from one moment to another, `13–20 Nov 2026`. */
export function days(first, last) {
  const ends = [utc(first), utc(last)].filter(Boolean).sort((one, other) => one - other);
  return ends.length === 2 ? DAY.formatRange(...ends) : day(first || last);
}

function utc(text) {
  const moment = new Date(String(text ?? "").slice(0, 10));
  return Number.isNaN(moment.getTime()) ? null : moment;
}
