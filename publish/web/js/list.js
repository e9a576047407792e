/**
 * The list of issues. Only the rows near the window are in the page, however many there are: all
 * rows have one height, so a row's place follows from its number (`aria-posinset` says it too).
 */

import { arrange } from "./dom.js";
import { row } from "./row.js";

const SPARE = 8; // rows above and below the window
const SHINE = 2400; // ms in which a changed row stands out

export class List {
  #nodes = new Map(); // issue_id -> {issue, key, node} of the rows in the page
  #fresh = new Map(); // record id -> when it changed
  #held = null; // issue_id of the row that has the focus: it stays in the page

  constructor(element, queryOf) {
    Object.assign(this, { element, queryOf, rows: [], places: new Map(), height: 0, inPosts: new Set(), open: "" });
    addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(element);
    element.addEventListener("focusin", (event) => this.#hold(event.target));
    element.addEventListener("focusout", () => this.#hold(null));
  }

  /** Show these issues, in order. `steady`: keep what a person reads where it is on the screen. */
  show(rows, { inPosts, open, steady = false }) {
    const anchor = steady ? this.#anchor() : null;
    Object.assign(this, { rows, inPosts, open });
    this.places = new Map(rows.map((issue, place) => [issue.issue_id, place]));
    this.element.hidden = !rows.length;
    if (!this.height) this.#measure();
    this.element.style.height = `${rows.length * this.height}px`;
    if (anchor) this.#restore(anchor);
    this.draw();
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
    const issue = this.rows[Math.max(0, Math.min(place, this.rows.length - 1))];
    if (!issue) return;
    this.reveal(issue.issue_id);
    this.#held = issue.issue_id;
    this.draw();
    this.#nodes.get(issue.issue_id)?.node.firstElementChild.focus({ preventScroll: true });
  }

  /** Scroll so that the row of an issue is in the window. */
  reveal(issueId) {
    const place = this.places.get(issueId);
    if (place === undefined || !this.element.offsetParent) return;
    const top = this.#top() + place * this.height;
    const room = parseFloat(getComputedStyle(this.element).scrollMarginTop) || 0;
    if (top < scrollY + room) scrollTo({ top: top - room });
    else if (top + this.height > scrollY + innerHeight) scrollTo({ top: top + this.height - innerHeight + 8 });
  }

  /** The place of the row that has the focus, or of the opened one, or -1. */
  get place() {
    const focused = document.activeElement?.closest?.(".row")?.dataset.issue;
    return this.places.get(focused ?? this.open) ?? -1;
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
    const held = this.places.get(this.#held);
    if (held !== undefined && (held < from || held >= to)) places.push(held);
    const nodes = new Map(places.map((place) => [this.rows[place].issue_id, this.#node(place)]));
    this.#nodes = nodes;
    arrange(this.element, [...nodes.values()].map(({ node }) => node));
  }

  #node(place) {
    const issue = this.rows[place];
    const options = { openIssue: this.open === issue.issue_id, inPosts: this.inPosts.has(issue.id) };
    const query = this.queryOf(issue);
    const key = `${query} ${options.openIssue} ${options.inPosts}`;
    let known = this.#nodes.get(issue.issue_id);
    if (known?.issue !== issue || known.key !== key) known = this.#replaced(known, { issue, key }, query, options);
    const { node } = known;
    node.style.transform = `translateY(${place * this.height}px)`;
    node.setAttribute("aria-setsize", this.rows.length);
    node.setAttribute("aria-posinset", place + 1);
    node.firstElementChild.firstElementChild.textContent = place + 1;
    node.classList.toggle("fresh", this.#fresh.has(issue.id));
    return known;
  }

  #replaced(known, now, query, options) {
    const made = row(now.issue, query, options);
    if (!known) return { ...now, node: made };
    // The link stays the same element, so that a change does not take the focus away.
    const [link, update] = [known.node.firstElementChild, made.firstElementChild];
    link.href = update.href;
    link.toggleAttribute("aria-current", options.openIssue);
    if (options.openIssue) link.setAttribute("aria-current", "true");
    link.replaceChildren(...update.childNodes);
    return { ...now, node: known.node };
  }

  #anchor() {
    const top = this.#top();
    if (!this.height || scrollY <= top || !this.element.offsetParent) return null;
    const place = Math.floor((scrollY - top) / this.height);
    return { seen: this.rows.slice(place, place + 20).map((issue) => issue.issue_id), place };
  }

  #restore({ seen, place }) {
    const still = seen.findIndex((issueId) => this.places.has(issueId));
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
    this.#held = target?.closest?.(".row")?.dataset.issue ?? null;
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
