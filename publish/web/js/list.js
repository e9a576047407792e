/**
 * The list. Only the rows near the window are in the page, however many there are: all rows have
 * one height, so a row's place follows from its number (`aria-posinset` says it too).
 *
 * What is listed is a kind: `id(item)` tells items apart, `options(item, list)` says what else its
 * row depends on, `make(item, query, options)` makes the row, whose first child is its link, and
 * `renew(node, options)`, where there is one, brings what stands behind the link up to date.
 */

import { nameOf } from "./categories.js";
import { arrange } from "./dom.js";
import { row } from "./row.js";

const SPARE = 8; // rows above and below the window
const SHINE = 2400; // ms in which a changed row stands out

const ISSUES = {
  id: (issue) => issue.issue_id,
  options: (issue, list) => ({ openIssue: list.open === issue.issue_id, inPosts: list.inPosts.has(issue.id),
    category: nameOf(issue.category) }),
  make: row,
};

export class List {
  #nodes = new Map(); // id -> {item, key, node} of the rows in the page
  #ids = new WeakMap(); // node -> id
  #fresh = new Map(); // record id -> when it changed
  #held = null; // id of the row that has the focus: it stays in the page
  #places = null; // id -> place, once somebody asks

  constructor(element, queryOf, kind = ISSUES) {
    Object.assign(this, { element, queryOf, kind, rows: [], height: 0, inPosts: new Set(), open: "" });
    addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(element);
    element.addEventListener("focusin", (event) => this.#hold(event.target));
    element.addEventListener("focusout", () => this.#hold(null));
  }

  /** List things of another kind from now on. */
  use(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    this.#nodes.clear();
    this.#held = null;
    this.element.replaceChildren();
  }

  /**
   * Show these items, in order. `steady`: keep what a person reads where it is on the screen;
   * `shown`: what else the rows depend on, `open` among it, the id of the opened item.
   */
  show(rows, { steady = false, ...shown }) {
    const anchor = steady ? this.#anchor() : null;
    Object.assign(this, { rows, ...shown });
    this.#places = null;
    this.element.hidden = !rows.length;
    if (!this.height) this.#measure();
    this.element.style.height = `${rows.length * this.height}px`;
    if (anchor) this.#restore(anchor);
    this.draw();
  }

  /** The place of each item, by its id. */
  get places() {
    this.#places ??= new Map(this.rows.map((item, place) => [this.kind.id(item), place]));
    return this.#places;
  }

  /** Let rows stand out for a moment. */
  shine(ids) {
    const now = performance.now();
    for (const id of ids) this.#fresh.set(id, now);
    setTimeout(() => {
      for (const [id, since] of this.#fresh) if (since <= now) this.#fresh.delete(id);
      this.draw();
    }, SHINE);
  }

  /** Move the focus to a row, and the window with it. */
  focus(place) {
    const item = this.rows[Math.max(0, Math.min(place, this.rows.length - 1))];
    if (item === undefined) return;
    const id = this.kind.id(item);
    this.reveal(id);
    this.#held = id;
    this.draw();
    this.#nodes.get(id)?.node.firstElementChild.focus({ preventScroll: true });
  }

  /** Scroll so that the row of an item is in the window. */
  reveal(id) {
    const place = this.places.get(id);
    if (place === undefined || !this.element.offsetParent) return;
    const top = this.#top() + place * this.height;
    const room = parseFloat(getComputedStyle(this.element).scrollMarginTop) || 0;
    if (top < scrollY + room) scrollTo({ top: top - room });
    else if (top + this.height > scrollY + innerHeight) scrollTo({ top: top + this.height - innerHeight + 8 });
  }

  /** The place of the row that has the focus, or of the opened one, or -1. */
  get place() {
    return this.places.get(this.#idAt(document.activeElement) ?? this.open) ?? -1;
  }

  /** Put the rows near the window into the page. */
  draw() {
    if (!this.rows.length) {
      this.#nodes.clear();
      this.element.replaceChildren();
    }
    if (!this.element.offsetParent || !this.height) return;
    const from = Math.max(0, Math.floor((scrollY - this.#top()) / this.height) - SPARE);
    const to = Math.min(this.rows.length, from + Math.ceil(innerHeight / this.height) + 2 * SPARE);
    const places = Array.from({ length: Math.max(0, to - from) }, (_, step) => from + step);
    const held = this.#held === null ? undefined : this.places.get(this.#held);
    if (held !== undefined && (held < from || held >= to)) places.push(held);
    const nodes = new Map(places.map((place) => [this.kind.id(this.rows[place]), this.#node(place)]));
    this.#nodes = nodes;
    arrange(this.element, [...nodes.values()].map(({ node }) => node));
  }

  #node(place) {
    const item = this.rows[place];
    const options = this.kind.options(item, this);
    const query = this.queryOf(item);
    const key = [query, ...Object.values(options)].join(" ");
    let known = this.#nodes.get(this.kind.id(item));
    if (known?.item !== item || known.key !== key) known = this.#replaced(known, { item, key }, query, options);
    const { node } = known;
    node.style.transform = `translateY(${place * this.height}px)`;
    node.setAttribute("aria-setsize", this.rows.length);
    node.setAttribute("aria-posinset", place + 1);
    node.firstElementChild.firstElementChild.textContent = place + 1;
    node.classList.toggle("fresh", this.#fresh.has(item.id));
    return known;
  }

  #replaced(known, now, query, options) {
    const made = this.kind.make(now.item, query, options);
    if (!known) {
      this.#ids.set(made, this.kind.id(now.item));
      return { ...now, node: made };
    }
    // The link stays the same element, so that a change does not take the focus away.
    const [link, update] = [known.node.firstElementChild, made.firstElementChild];
    link.href = update.href;
    link.toggleAttribute("aria-current", update.hasAttribute("aria-current"));
    if (update.hasAttribute("aria-current")) link.setAttribute("aria-current", "true");
    link.replaceChildren(...update.childNodes);
    this.kind.renew?.(known.node, options);
    return { ...now, node: known.node };
  }

  #anchor() {
    const top = this.#top();
    if (!this.height || scrollY <= top || !this.element.offsetParent) return null;
    const place = Math.floor((scrollY - top) / this.height);
    return { seen: this.rows.slice(place, place + 20).map(this.kind.id), place };
  }

  #restore({ seen, place }) {
    const still = seen.findIndex((id) => this.places.has(id));
    if (still < 0) return;
    const moved = this.places.get(seen[still]) - (place + still);
    if (moved) scrollBy({ top: moved * this.height });
  }

  #measure() {
    const probe = document.createElement("li");
    probe.className = "row";
    this.element.append(probe);
    const height = probe.offsetHeight;
    probe.remove();
    if (height && height !== this.height) {
      this.height = height;
      this.element.style.height = `${this.rows.length * height}px`;
    }
    this.draw();
  }

  #hold(target) {
    this.#held = this.#idAt(target);
  }

  /** The id of the row that an element is in, or null. */
  #idAt(element) {
    return this.#ids.get(element?.closest?.(".row")) ?? null;
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  #top() {
    return this.element.getBoundingClientRect().top + scrollY;
  }
}
