/** The posts that prove an issue, a page at a time, kept up to date while they are shown. */

import { POSTS_PAGE } from "./api.js";
import { arrange, el, outwards } from "./dom.js";
import { SOURCES, day, number, plural } from "./format.js";
import { webLink } from "./links.js";

const LONG = 320; // characters of a body that are shown before "Show all"
const STATES = { open: "open", answered: "answered", fixed: "fixed", declined: "declined" };
const REFRESH_AFTER = 400; // ms in which the events of one batch of a publisher come together

export class Evidence {
  #record = ""; // id of the record whose posts are shown
  #count = POSTS_PAGE;
  #nodes = new Map(); // post id -> {hash, node}
  #asking = null;
  #watched = false;
  #unwatch = () => {};
  #timer = 0;
  #extras = false; // whether something stands below the posts

  /** `extra(post)` makes what stands below a post, or null. */
  constructor(api, extra) {
    Object.assign(this, { api, extra });
    this.heading = el("h3", { id: "evidence-heading" }, "Evidence");
    this.note = el("p", { class: "quiet" });
    this.list = el("ol", { class: "posts", "aria-labelledby": "evidence-heading" });
    this.more = el("button", { type: "button", class: "button" });
    this.more.addEventListener("click", () => this.#more());
    this.again = el("button", { type: "button", class: "button" }, "Try again");
    this.again.addEventListener("click", () => this.refresh());
    this.element = el("div", { class: "evidence" }, this.heading, this.note, this.list, this.more,
      this.again);
  }

  /** Show the posts of a record; nothing happens when they are shown already. */
  show(recordId) {
    if (recordId === this.#record) return;
    this.#unwatch();
    this.#record = recordId;
    this.#count = POSTS_PAGE;
    this.#nodes.clear();
    this.list.replaceChildren();
    this.heading.textContent = "Evidence";
    for (const node of [this.more, this.again]) node.hidden = true;
    this.note.hidden = false;
    this.note.textContent = recordId ? "Loading posts…" : "";
    this.#asking?.abort();
    this.#asking = null;
    if (!recordId) return;
    this.refresh();
    this.#watch(recordId);
  }

  /** Make the shown posts anew: somebody signed in or out. */
  rebuild() {
    if (Boolean(this.extra({ id: "" })) === this.#extras) return;
    this.#extras = !this.#extras;
    this.#nodes.clear();
    this.refresh();
  }

  /** Take up events again: the connection stands, for the first time or again. */
  connected() {
    this.refresh();
    if (this.#record && !this.#watched) this.#watch(this.#record);
  }

  /** Ask for the shown posts again and put in what changed. */
  async refresh() {
    clearTimeout(this.#timer);
    if (!this.#record) return;
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const page = await this.api.posts(this.#record, this.#count, asking.signal);
      if (!asking.signal.aborted) this.#fill(page);
    } catch {
      if (!asking.signal.aborted) this.#failed();
    }
  }

  async #watch(recordId) {
    if (!this.api.isConnected) return; // `connected` will be called
    let stopped = false;
    let stop = () => {};
    this.#watched = true;
    this.#unwatch = () => {
      this.#watched = false;
      stopped = true;
      stop();
    };
    const soon = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.refresh(), REFRESH_AFTER);
    };
    try {
      const end = await this.api.watchPosts(recordId, soon);
      stop = () => end().catch(() => {});
      if (stopped) stop();
    } catch {
      if (!stopped) this.#watched = false; // the connection is gone; `connected` will be called
    }
  }

  #fill({ items, totalItems }) {
    const nodes = items.map((item) => {
      const known = this.#nodes.get(item.id);
      if (known && item.content_hash && known.hash === item.content_hash) return known.node;
      const made = { hash: item.content_hash, node: post(item, this.extra(item)) };
      this.#nodes.set(item.id, made);
      return made.node;
    });
    arrange(this.list, nodes);
    this.heading.textContent = `Evidence: ${plural(totalItems, "post")}`;
    this.note.hidden = totalItems > 0;
    this.note.textContent = "No posts are published for this issue.";
    this.again.hidden = true;
    this.more.hidden = items.length >= totalItems;
    this.more.textContent = `Show ${number(Math.min(POSTS_PAGE, totalItems - items.length))} more`;
  }

  #failed() {
    this.again.hidden = this.list.children.length > 0;
    this.note.hidden = this.list.children.length > 0;
    this.note.textContent = "The posts cannot be loaded: the server does not answer.";
  }

  async #more() {
    const shown = this.list.children.length;
    this.#count += POSTS_PAGE;
    await this.refresh();
    this.list.children[shown]?.querySelector("a, button")?.focus({ preventScroll: true });
  }
}

/** Make one post; only an http or https address becomes a link, anything else stays text. */
function post(record, extra) {
  const text = (name) => String(record[name] ?? "");
  const link = webLink(text("url"));
  const title = text("title") || "Untitled post";
  return el("li", { class: "post" },
    el("h4", { class: "post-title", dir: "auto" }, link ? outwards(link, {}, title) : title),
    el("p", { class: "post-facts" }, ...facts(record)),
    link ? el("p", { class: "post-host" }, link.host)
      : el("p", { class: "post-host refused", dir: "ltr" }, "Not a web address: ", text("url")),
    ...body(text("body")), extra);
}

function facts(record) {
  const engagement = Number(record.engagement) || 0;
  const items = [
    SOURCES[record.source] ?? String(record.source ?? ""),
    day(record.posted_at),
    engagement ? `${number(engagement)} votes and comments` : "",
    STATES[record.state] ?? "",
    record.is_copy ? "a copy of another post" : "",
  ];
  return items.filter(Boolean).map((item) => el("span", { class: "fact" }, item));
}

function body(text) {
  if (!text) return [];
  const words = el("p", { class: "post-body", dir: "auto" }, text);
  if (text.length <= LONG && text.split("\n").length < 5) return [words];
  words.classList.add("folded");
  const toggle = el("button", { type: "button", class: "plain", "aria-expanded": "false" }, "Show all");
  toggle.addEventListener("click", () => {
    const folded = words.classList.toggle("folded");
    toggle.setAttribute("aria-expanded", String(!folded));
    toggle.textContent = folded ? "Show all" : "Show less";
  });
  return [words, toggle];
}
