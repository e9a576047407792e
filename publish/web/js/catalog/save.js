/** What is shown as a file: CSV, and Parquet by hyparquet-writer, which is loaded when it is asked for. */

import { el } from "../dom.js";
import { SPANS, WORDS } from "./data.js";
import { isKnown, isoDay } from "./format.js";

const FORMULA = /^[=+\-@\t\r]/; // what a spreadsheet would run
const TYPES = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  count: { type: "INT64" },
  number: { type: "DOUBLE" },
  day: { type: "INT32", converted_type: "DATE" },
};
const COUNTS = ["best_rank", "downloads", "likes", "downloads_all_time", "parameters", "task_count", "dataset_count",
  "article_count", "parent_count", "child_count"];
const FILES = {
  tasks: { task_id: "text", task_label: "text", models: "count", downloads: "count" },
  datasets: { dataset_id: "text", author: "text", license: "text", license_terms: "text", gated: "text", reason: "text",
    description: "text", downloads: "count", likes: "count", modified_on: "day", models: "count", models_downloads: "count" },
  papers: { arxiv_id: "text", title: "text", authors: "text", primary_category: "text", doi: "text", reason: "text",
    summary: "text", published_on: "day", models: "count", models_downloads: "count" },
  movers: { task_id: "text", span_days: "count", model_id: "text", movement: "text", rank_in_task: "count",
    rank_before: "count", downloads: "count", downloads_before: "count", likes: "count", likes_before: "count",
    growth: "number", observed_on: "day", compared_with: "day" },
};

/** Return the columns of what is shown: `[{name, kind, value(row)}]`, null where nothing is known. */
export function columnsOf(kind, catalog, lists) {
  if (kind !== "models") {
    const { rows } = lists[kind];
    return Object.entries(FILES[kind]).map(([name, type]) => ({ name, kind: type, value: (row) => rows[name]?.[row] }));
  }
  const { models } = catalog;
  const of = (type, names, value) => names.map((name) => ({ name, kind: type, value: (row) => value(models[name], row) }));
  const plain = (column, row) => column[row];
  return [
    ...of("text", ["model_id", "author", "strictest_ancestor"], (column, row) => column[row] || null),
    ...of("text", WORDS, (column, row) => column.at(row) || null),
    ...of("count", COUNTS, plain),
    ...SPANS.flatMap((span) => [...of("count", [`gained_${span}`, `places_${span}`], plain), ...of("number", [`growth_${span}`], plain)]),
    ...of("day", ["created_on", "modified_on"], plain),
  ];
}

/** Write rows as CSV (RFC 4180); a text that a spreadsheet would take for a formula begins with '. */
export function csv(columns, rows) {
  const lines = [columns.map(({ name }) => name), ...rows.map((row) => columns.map((column) => cell(column, row)))];
  return lines.map((cells) => cells.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Write rows as Parquet; returns an ArrayBuffer. */
export async function parquet(columns, rows) {
  const { parquetWriteBuffer } = await import("../../vendor/hyparquet-writer/src/index.js");
  const schema = [{ name: "root", num_children: columns.length },
    ...columns.map(({ name, kind }) => ({ name, repetition_type: "OPTIONAL", ...TYPES[kind] }))];
  const columnData = columns.map(({ name, kind, value }) => ({ name, data: rows.map((row) => stored(kind, value(row))) }));
  return parquetWriteBuffer({ columnData, schema });
}

/** Hand a file to the person. */
export function hand(name, content, type) {
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function cell({ kind, value }, row) {
  const found = value(row);
  if (!isKnown(found)) return "";
  if (kind === "day") return isoDay(found);
  if (kind !== "text") return String(found);
  return FORMULA.test(found) ? `'${found}` : found;
}

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function stored(kind, value) {
  if (!isKnown(value)) return undefined;
  if (kind === "count") return BigInt(Math.round(value));
  return value;
}
