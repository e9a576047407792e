/**
 * The categories of issues: their names, order and colours are data of the warehouse
 * (seeds/our_categories.csv), published beside the issues. Until they are loaded, and for one that
 * was taken away since, an issue's category is shown by its own word, in grey.
 */

const WORD = /^[a-z][a-z0-9_]{0,29}$/;
const COLOR = /^#[0-9a-f]{6}$/;
const GREY = "#767676";
const LIGHTER = "calc(0.35 + 0.7 * l) c h"; // on dark ground: as colourful, and no darker than 0.35

export const OTHER = "other";
let known = new Map(); // word -> {name, color}, in order

/** Tell whether a text can be a category's word. */
export const isCategory = (text) => WORD.test(text);

/** Take the published categories, in order; returns whether anything differs from before. */
export function learn(records) {
  const before = JSON.stringify([...known]);
  known = new Map(records.filter((record) => isCategory(String(record.category))).map(
    ({ category, name, color }) => [category, { name: String(name || category).slice(0, 60),
      color: COLOR.test(color) ? color : GREY }]));
  return JSON.stringify([...known]) !== before;
}

/** How a category is called. */
export const nameOf = (category) => known.get(category)?.name ?? category[0].toUpperCase() + category.slice(1);

/** The colour of a category, as CSS says it. */
export function colorOf(category) {
  const color = known.get(category)?.color ?? GREY;
  return `light-dark(${color}, oklch(from ${color} ${LIGHTER}))`;
}

/** Return the names of all categories by their words, in order, and then of others that there are. */
export function named(others = []) {
  const words = [...known.keys(), ...[...new Set(others)].filter((word) => !known.has(word)).sort()];
  return Object.fromEntries(words.map((word) => [word, nameOf(word)]));
}
