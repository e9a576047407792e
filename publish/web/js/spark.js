/** How an issue's heat went, as a line the size of a word and as a small chart. */

import { el, svg } from "./dom.js";
import { day, heat, plural } from "./format.js";

const SHOWN = 30; // days
const WIDTH = 84;
const HEIGHT = 26;

/** Make the line for a row; screen readers get the row's numbers instead. */
export function sparkline(trend) {
  const points = trend.slice(-SHOWN);
  const frame = svg("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH,
    height: HEIGHT, "aria-hidden": "true", focusable: "false" });
  if (!points.length) return frame;
  const at = placed(points, WIDTH - 6, HEIGHT - 6, 3);
  const [endX, endY] = at.at(-1);
  if (at.length > 1) {
    frame.append(svg("polygon", { class: "spark-area", points: area(at, HEIGHT - 1) }),
      svg("polyline", { class: "spark-line", points: at.join(" ") }));
  }
  frame.append(svg("circle", { class: "spark-end", cx: endX, cy: endY, r: 2.25 }));
  return frame;
}

/** Make the chart for an opened issue: posts a day as bars, heat as a line, and both in words. */
export function chart(trend) {
  const points = trend.slice(-SHOWN);
  if (!points.length) return el("p", { class: "quiet" }, "No trend yet.");
  const width = 480;
  const height = 96;
  const frame = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`,
    preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
  frame.append(...bars(points, width, height));
  const at = placed(points, width - 8, height - 8, 4);
  frame.append(svg("polyline", { class: "chart-line", points: at.join(" ") }));
  const ends = el("p", { class: "chart-days", "aria-hidden": "true" },
    el("span", {}, day(points[0].day)), el("span", {}, day(points.at(-1).day)));
  return el("figure", { class: "trend" }, frame, ends, el("figcaption", {}, inWords(points)));
}

function inWords(points) {
  const last = points.at(-1);
  const top = points.reduce((best, point) => (point.heat > best.heat ? point : best));
  const posts = points.reduce((sum, point) => sum + point.items, 0);
  const peak = top === last ? "its highest" : `highest ${heat(top.heat)} on ${day(top.day)}`;
  return `Line: heat, now ${heat(last.heat)}, ${peak}. Bars: posts a day, ${plural(posts, "post")} ` +
    `in ${plural(points.length, "day")}.`;
}

function bars(points, width, height) {
  const most = Math.max(1, ...points.map((point) => point.items));
  const step = width / points.length;
  return points.filter((point) => point.items > 0).map((point) => {
    const tall = (point.items / most) * (height - 8);
    return svg("rect", { class: "chart-bar", x: round(points.indexOf(point) * step + step * 0.15),
      y: round(height - tall), width: round(step * 0.7), height: round(tall) });
  });
}

function placed(points, width, height, margin) {
  const top = Math.max(...points.map((point) => point.heat), 1e-9);
  const step = points.length > 1 ? width / (points.length - 1) : 0;
  return points.map((point, place) => [
    round(margin + (points.length > 1 ? place * step : width)),
    round(margin + height * (1 - Math.max(0, point.heat) / top)),
  ]);
}

const area = (at, floor) => [[at[0][0], floor], ...at, [at.at(-1)[0], floor]].join(" ");
const round = (value) => Math.round(value * 100) / 100;
