/** Draw the map on its canvas: topics as regions, issues as points, and names where there is room. */

import { Taken, rounded } from "./geometry.js";

const NAMED = 150; // of the issues in sight, the hottest that may have a name
const LETTERS = 34;
const NARROW = 560; // px of a frame in which names are shorter
const FEW_LETTERS = 20;
const LINE = 16; // px of a line of text
const AROUND = 18; // px of a region around its points
const FONT = "13px system-ui, sans-serif";
const TOPIC_FONT = "600 12px system-ui, sans-serif";

const widths = new Map(); // of texts that were measured, by font and text

/**
 * Draw; returns the boxes of the names as `[text, left, top, right, bottom]`, in px. No name is
 * written into the box `covered`, which something else lies over.
 */
export function drawn(canvas, view, { points, regions, current, opened, swatches, covered }) {
  const { clientWidth: width, clientHeight: height } = canvas.parentElement;
  const sharp = Math.min(3, devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * sharp) || canvas.height !== Math.round(height * sharp)) {
    Object.assign(canvas, { width: Math.round(width * sharp), height: Math.round(height * sharp) });
  }
  const context = canvas.getContext("2d");
  context.setTransform(sharp, 0, 0, sharp, 0, 0);
  context.clearRect(0, 0, width, height);
  const colors = colorsOf(canvas, swatches);
  const outlines = regions.map((region) => ({ ...region,
    outline: rounded(region.points.map((point) => view.seen(point)), AROUND) }));
  for (const { outline } of outlines) shade(context, outline, colors);
  const seen = points.map((point, place) => ({ ...point, place, seen: view.seen(point.at), r: radius(point) }))
    .filter(({ seen: [x, y] }) => x > -20 && x < width + 20 && y > -20 && y < height + 20);
  for (const point of [...seen].reverse()) dot(context, point, colors);
  for (const point of seen) if (point.issue.issue_id === opened || point.place === current) ring(context, point, colors);
  return names(context, seen, outlines, colors, { width, height, covered });
}

function colorsOf(canvas, swatches) {
  const look = getComputedStyle(canvas);
  const colors = { ink: look.color, sheet: look.backgroundColor, edge: look.borderColor, soft: look.outlineColor,
    region: look.accentColor };
  const categories = new Map([...swatches.querySelectorAll(".swatch")].map(
    (swatch) => [swatch.dataset.category, getComputedStyle(swatch).backgroundColor]));
  return { ...colors, categories };
}

const radius = ({ issue }) => 3 + Math.min(9, 1.6 * Math.sqrt(Math.max(0, (issue.people || issue.posts || 1) - 1)));

function shade(context, outline, colors) {
  context.beginPath();
  for (const [x, y] of outline) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.55;
  context.fillStyle = colors.region;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = colors.edge;
  context.lineWidth = 1;
  context.stroke();
}

function dot(context, { issue, chosen, seen: [x, y], r }, colors) {
  context.beginPath();
  context.arc(x, y, chosen ? r : 2, 0, 2 * Math.PI);
  context.globalAlpha = chosen ? 0.85 : 0.4;
  context.fillStyle = chosen ? colors.categories.get(issue.category) : colors.soft;
  context.fill();
  context.globalAlpha = 1;
  if (!chosen) return;
  context.strokeStyle = colors.sheet;
  context.lineWidth = 1;
  context.stroke();
}

function ring(context, { seen: [x, y], r }, colors) {
  context.beginPath();
  context.arc(x, y, r + 3, 0, 2 * Math.PI);
  context.strokeStyle = colors.ink;
  context.lineWidth = 2;
  context.stroke();
}

/** Write names that lie neither over each other nor over a point: topics first, then by heat. */
function names(context, seen, outlines, colors, { width, height, covered }) {
  const taken = new Taken();
  taken.add(covered);
  const most = width < NARROW ? FEW_LETTERS : LETTERS;
  for (const { seen: [x, y], r } of seen) taken.add([x - r, y - r, x + r, y + r]);
  const written = [];
  const write = (text, places, font, color) => {
    const box = places.map(([x, y]) => [x, y - LINE / 2, x + textWidth(context, text, font), y + LINE / 2])
      .find((one) => one[0] >= 2 && one[1] >= 2 && one[2] <= width - 2 && one[3] <= height - 2 && taken.isFree(one));
    if (!box) return;
    taken.add(box);
    written.push([text, ...box]);
    Object.assign(context, { font, fillStyle: color, textBaseline: "middle", lineWidth: 3, strokeStyle: colors.sheet });
    context.strokeText(text, box[0], (box[1] + box[3]) / 2);
    context.fillText(text, box[0], (box[1] + box[3]) / 2);
  };
  for (const { name, outline } of outlines) {
    if (!name) continue;
    const text = shortened(name, most);
    const [left, right] = [Math.min(...outline.map(([x]) => x)), Math.max(...outline.map(([x]) => x))];
    const [top, bottom] = [Math.min(...outline.map(([, y]) => y)), Math.max(...outline.map(([, y]) => y))];
    const x = (left + right - textWidth(context, text, TOPIC_FONT)) / 2;
    write(text, [[x, top + LINE / 2 + 2], [x, bottom - LINE / 2 - 2], [x, top - LINE / 2], [x, bottom + LINE / 2]],
      TOPIC_FONT, colors.soft);
  }
  for (const { issue, seen: [x, y], r } of seen.filter((point) => point.chosen).slice(0, NAMED)) {
    const text = shortened(issue.canonical_title, most);
    const wide = textWidth(context, text, FONT);
    write(text, [[x + r + 4, y], [x - r - 4 - wide, y], [x - wide / 2, y - r - LINE / 2 - 2],
      [x - wide / 2, y + r + LINE / 2 + 2]], FONT, colors.ink);
  }
  return written;
}

function textWidth(context, text, font) {
  const key = `${font} ${text}`;
  if (!widths.has(key)) {
    if (widths.size > 20_000) widths.clear();
    context.font = font;
    widths.set(key, context.measureText(text).width);
  }
  return widths.get(key);
}

function shortened(text, most) {
  const letters = [...text.slice(0, 4 * LETTERS)];
  return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : letters.join("");
}
