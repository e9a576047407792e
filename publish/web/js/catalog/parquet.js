/** Parquet files of this site, as arrays by column. */

import { parquetRead } from "../../vendor/hyparquet/src/read.js";

/** What was asked for is not there (any more). */
export class GoneError extends Error {}

/**
 * Read a file; returns `{name: array}`. Days are numbers, counted from 1970-01-01; what is null in
 * the file is null or undefined here.
 */
export const columns = async (url) => decoded(await bytes(url));

/** Fetch a file whole, to be read later by `decoded`. */
export const bytes = async (url) => (await fetched(url)).arrayBuffer();

/** Read what `bytes` fetched. */
export async function decoded(file) {
  const chunks = {};
  const onChunk = ({ columnName, columnData }) => (chunks[columnName] ??= []).push(columnData);
  await parquetRead({ file, onChunk, parsers: { dateFromDays: (days) => days } });
  return Object.fromEntries(Object.entries(chunks).map(([name, parts]) => [name, joined(parts)]));
}

/** Fetch a file of this site. Throws GoneError where it is not there. */
export async function fetched(url) {
  const answer = await fetch(url);
  if (answer.status === 404) throw new GoneError(`${url} is not there`);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer;
}

const joined = (parts) => (parts.length === 1 ? parts[0] : parts.flatMap((part) => Array.from(part)));
