/** Search in the posts of issues: asked of the server, since their text is not loaded. */

import { words } from "./issues.js";
import { span } from "./url.js";

const PAUSE = 250; // ms after the last letter
const SHORTEST = 3; // letters: shorter words are in every post

export class PostSearch {
  #key = "";
  #timer = 0;
  #asking = null;

  constructor(api, arrived) {
    Object.assign(this, { api, arrived, found: new Set() });
  }

  /** Have `found`, the ids of records whose posts match, follow a view; `arrived` is called then. */
  look(view, newest) {
    const wanted = words(view.q);
    const ask = wanted.some((word) => word.length >= SHORTEST) && (newest || span(view));
    const key = ask ? `${wanted.join(" ")} ${span(view) || newest}` : "";
    if (key === this.#key) return;
    this.#key = key;
    this.found = new Set();
    clearTimeout(this.#timer);
    this.#asking?.abort();
    if (key) this.#timer = setTimeout(() => this.#ask(view, newest), PAUSE);
  }

  async #ask(view, newest) {
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await this.api.searchPosts(view.q, view, newest, asking.signal);
      if (asking.signal.aborted) return;
      this.found = found;
      if (found.size) this.arrived();
    } catch {
      if (!asking.signal.aborted) this.#key = ""; // asked again with the next change
    }
  }
}
