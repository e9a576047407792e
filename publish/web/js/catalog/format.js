/** Counts, days and shares as the catalog writes them; what is not known is said to be so. */

import { number } from "../format.js";

const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const SIGNED = new Intl.NumberFormat("en-GB", { signDisplay: "exceptZero" });
const SIGNED_SHARE = new Intl.NumberFormat("en-GB", { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const DAY_MS = 86_400_000;

export const isKnown = (value) => value !== null && value !== undefined && value !== "" && !Number.isNaN(value);
const orUnknown = (write) => (value, unknown = "unknown") => (isKnown(value) ? write(Number(value)) : unknown);

/** A count as the Hub writes it, `12.3M`. */
export const short = orUnknown((value) => SHORT.format(value));
export const exact = orUnknown(number);
export const signed = orUnknown((value) => SIGNED.format(value));
/** How much of a count came in a time: `growth` is the logarithm of the ratio (hf.model_movers). */
export const grown = orUnknown((growth) => SIGNED_SHARE.format(Math.exp(growth) - 1));
/** A day by its number, counted from 1970-01-01. */
export const dayOf = orUnknown((days) => DAY.format(days * DAY_MS));
/** The same as files write it, `2026-11-20`; empty where it is not known. */
export const isoDay = (days) => (isKnown(days) ? new Date(days * DAY_MS).toISOString().slice(0, 10) : "");
/** A text of a stranger's, cut to what anybody reads. */
export const cut = (text, most = 300) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
