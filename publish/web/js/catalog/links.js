/** Addresses of what the catalog names, on the Hub and at arXiv. */

import { webLink } from "../links.js";

const PART = /^(?!\.+$)[\w.-]+$/; // of a name: what may stand between two strokes

/** Return `{href, host}` of a model or data set on the Hub, or null where the name is no name there. */
export function onHub(hub, id, kind = "") {
  if (!id.split("/").every((part) => PART.test(part))) return null;
  return webLink(`${hub}/${kind}${id}`);
}

/** Return `{href, host}` of a paper, or null where the id is none of arXiv's. */
export function onArxiv(arxiv, id) {
  return /^(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?\/\d{7})$/.test(id) ? webLink(`${arxiv}/${id}`) : null;
}
