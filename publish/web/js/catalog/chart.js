/** A model's days: a line the size of a word for the list, and charts of what is known of it. */

import { el, svg } from "../dom.js";
import { dayOf, exact, isKnown, short } from "./format.js";

const WIDTH = 84;
const HEIGHT = 26;

/** Make the line of a row from its letters, 0 to z, a day each; a point is a day without a count. */
export function sparkline(letters) {
  const frame = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT,
    "aria-hidden": "true", focusable: "false" });
  const values = [...letters].map((letter) => (letter === "." ? NaN : Number.parseInt(letter, 36)));
  const at = placed(values, { width: WIDTH - 6, height: HEIGHT - 6, margin: 3, low: 0, high: 35 });
  if (at.length > 1) frame.append(svg("polyline", { class: "spark-line", points: at.join(" ") }));
  if (at.length > 1) frame.append(svg("circle", { class: "spark-end", cx: at.at(-1)[0], cy: at.at(-1)[1], r: 2.25 }));
  return frame;
}

/**
 * Make the chart of a count by day, and say it in words. `days` are numbers of days, in order;
 * `isRank`: the lowest is the best and stands on top.
 */
export function history(title, days, values, { isRank = false } = {}) {
  const known = values.map((value, at) => [days[at], value]).filter(([, value]) => isKnown(value));
  if (!known.length) return null;
  const counts = known.map(([, value]) => value);
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  const width = 480;
  const height = 72;
  const frame = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none",
    "aria-hidden": "true", focusable: "false" });
  const at = placed(known.map(([, value]) => (isRank ? low + high - value : value)),
    { width: width - 8, height: height - 8, margin: 4, low, high, days: known.map(([day]) => day) });
  frame.append(svg("polyline", { class: "chart-line", points: at.join(" ") }));
  return el("figure", { class: "trend" }, known.length > 1 ? frame : null, // one day makes no line
    el("figcaption", {}, `${title}: ${inWords(known, { low, high, isRank })}`));
}

function inWords(known, { low, high, isRank }) {
  const [[first, from], [last, now]] = [known[0], known.at(-1)];
  if (known.length === 1) return `${exact(now)} on ${dayOf(last)}, the only day known.`;
  const span = `${dayOf(first)} to ${dayOf(last)}`;
  if (low === high) return `${exact(now)} all the time, ${span}.`;
  const best = isRank ? `best ${exact(low)}` : `highest ${short(high)}`;
  return `${exact(from)} to ${exact(now)}, ${span}; ${best}.`;
}

function placed(values, { width, height, margin, low, high, days = values.map((_, at) => at) }) {
  const span = Math.max(1, days.at(-1) - days[0]);
  return values.map((value, at) => [
    round(margin + (values.length > 1 ? ((days[at] - days[0]) / span) * width : width)),
    round(margin + height * (high > low ? 1 - (value - low) / (high - low) : 0.5)),
  ]).filter(([, y]) => !Number.isNaN(y));
}

const round = (value) => Math.round(value * 100) / 100;
