/**
 * The map of issues: near means alike, regions are topics, a point opens its issue and its posts.
 *
 * Drawn on a canvas, since 5,000 points that move with a finger are too many for elements. What a
 * screen reader gets is the point that the arrow keys are on, in words; the list holds all of it.
 */

import { colorOf, named, nameOf } from "./categories.js";
import { el } from "./dom.js";
import { heat, number, people, plural } from "./format.js";
import { drawn } from "./map-drawing.js";
import { distance, grouped, hull, towards } from "./geometry.js";
import { MapView } from "./map-view.js";

const NEAR = 14; // px around a point in which a pointer means it
const STILL = 6; // px that a finger may move and still press
const GAP = 0.23; // between issues of a topic that have regions of their own; a map is 2 wide
const STEP = 1.6; // times larger with each press of +
const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

export class IssueMap {
  #view = new MapView();
  #points = []; // {issue, at, chosen} of every issue that has a place, the hottest first
  #regions = []; // {name, points}; of the regions of a topic the largest has its name
  #shown = ""; // ids of what is drawn, to leave the frame alone when nothing moved
  #current = -1; // the point of the keys or under the pointer
  #pointers = new Map();
  #pressed = null; // where a press began, null when it has become a drag
  #waiting = 0;

  /** `open` is called with the id of an issue that was chosen. */
  constructor(element, open) {
    Object.assign(this, { element, open });
    this.canvas = el("canvas", { "aria-hidden": "true" });
    this.words = el("p", { class: "map-words", role: "status", hidden: true });
    this.frame = el("div", { class: "map-frame", tabindex: "0", role: "application",
      "aria-label": "Map of issues. Arrow keys go from issue to issue, Enter opens, plus and minus zoom, 0 shows all." },
    this.canvas, this.words);
    this.caption = el("p", { class: "quiet" });
    this.key = el("ul", { class: "map-key", "aria-label": "Colours" });
    const buttons = [["Zoom in", "+", () => this.#zoom(STEP)], ["Zoom out", "−", () => this.#zoom(1 / STEP)],
      ["Show all", "All", () => this.#whole()]];
    this.buttons = el("div", { class: "map-buttons" }, ...buttons.map(([label, text, does]) => {
      const button = el("button", { type: "button", class: "button", "aria-label": label }, text);
      button.addEventListener("click", does);
      return button;
    }));
    element.append(this.key, el("div", { class: "map-box" }, this.frame, this.buttons), this.caption);
    this.#listen();
  }

  /** Show these of all issues; the others stay as faint points. `opened`: the id of an open issue. */
  show(all, rows, opened) {
    const chosen = new Set(rows.map((issue) => issue.issue_id));
    const placed = all.filter((issue) => issue.place).sort((one, other) => other.heat - one.heat ||
      (one.issue_id < other.issue_id ? -1 : 1));
    const held = this.#points[this.#current]?.issue.issue_id;
    this.#points = placed.map((issue) => ({ issue, at: issue.place, chosen: chosen.has(issue.issue_id) }));
    this.#regions = regionsOf(placed);
    this.opened = opened;
    this.#current = this.#points.findIndex(({ issue }) => issue.issue_id === (held ?? opened));
    const shown = placed.map((issue) => `${issue.id} ${issue.place}`).join();
    if (shown !== this.#shown) this.#view.frame(placed.map((issue) => issue.place));
    this.#shown = shown;
    const on = this.#points.filter((point) => point.chosen).length;
    this.caption.textContent = `${caption(on, rows.length)} Near means alike, directions mean nothing. ` +
      "A point grows with the people who told of the issue, its colour is the category; shaded are topics.";
    this.frame.hidden = !placed.length;
    this.#name(placed);
    this.#soon();
  }

  /** Say what the colours mean: of every category that there is. */
  #name(issues) {
    this.key.replaceChildren(...Object.entries(named(issues.map((issue) => issue.category))).map(([category, name]) => {
      const swatch = el("span", { class: "swatch", "data-category": category, "aria-hidden": "true" });
      swatch.style.backgroundColor = colorOf(category);
      return el("li", {}, swatch, name);
    }));
  }

  /** Move to the issue that is so many ranks further on, as the keys of the list do. */
  step(by) {
    const from = this.#current;
    for (let place = from + by; place >= 0 && place < this.#points.length; place += by) {
      if (this.#points[place].chosen) return this.#goTo(place);
    }
    return undefined;
  }

  #listen() {
    new ResizeObserver(() => this.#soon()).observe(this.frame);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#soon());
    this.frame.addEventListener("keydown", (event) => this.#key(event));
    this.frame.addEventListener("pointerdown", (event) => this.#down(event));
    this.frame.addEventListener("pointermove", (event) => this.#move(event));
    this.frame.addEventListener("pointerup", (event) => this.#up(event));
    this.frame.addEventListener("pointercancel", (event) => this.#leave(event));
    this.frame.addEventListener("pointerleave", (event) => this.#leave(event));
    this.frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.frame.addEventListener("dblclick", (event) => this.#zoom(STEP, this.#within(event)));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (ARROWS[key]) this.#arrow(ARROWS[key]);
    else if (key === "Home") this.#goTo(this.#points.findIndex((point) => point.chosen));
    else if (key === "Enter" && this.#points[this.#current]) this.open(this.#points[this.#current].issue.issue_id);
    else if (key === "+" || key === "=") this.#zoom(STEP);
    else if (key === "-") this.#zoom(1 / STEP);
    else if (key === "0") this.#whole();
    else return;
    event.preventDefault();
  }

  #arrow(direction) {
    const places = this.#points.map((point, place) => (point.chosen ? place : -1)).filter((place) => place >= 0);
    const from = this.#points[this.#current];
    if (!from) return this.#goTo(places[0] ?? -1);
    const next = towards(places.map((place) => this.#view.seen(this.#points[place].at)),
      this.#view.seen(from.at), direction);
    return next < 0 ? undefined : this.#goTo(places[next]);
  }

  #goTo(place) {
    if (place < 0) return;
    this.#current = place;
    this.#view.reveal(this.#points[place].at);
    this.#soon();
  }

  #zoom(by, at) {
    this.#view.zoom(by, at);
    this.#soon();
  }

  #whole() {
    this.#view.whole();
    this.#soon();
  }

  #wheel(event) {
    // A page is scrolled across a map far more often than a map is zoomed: that takes the focus, or Ctrl.
    if (!event.ctrlKey && document.activeElement !== this.frame) return;
    event.preventDefault();
    this.#zoom(Math.exp(-event.deltaY / (event.ctrlKey ? 120 : 400)), this.#within(event));
  }

  #down(event) {
    if (event.button) return;
    this.#pointers.set(event.pointerId, this.#within(event));
    this.#pressed = this.#pointers.size === 1 ? this.#within(event) : null;
    this.frame.setPointerCapture(event.pointerId);
  }

  #move(event) {
    const now = this.#within(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) return this.#point(this.#under(now));
    if (this.#pressed && distance(now, this.#pressed) < STILL) return undefined;
    this.#pressed = null;
    const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    this.#pointers.set(event.pointerId, now);
    if (other) this.#view.zoom(distance(now, other) / Math.max(1, distance(before, other)), middle(now, other));
    else this.#view.move(now[0] - before[0], now[1] - before[1]);
    return this.#soon();
  }

  #up(event) {
    const point = this.#pressed ? this.#points[this.#under(this.#within(event))] : null;
    this.#leave(event);
    if (point) this.open(point.issue.issue_id);
  }

  #leave(event) {
    this.#pointers.delete(event.pointerId);
    this.#pressed = null;
    if (event.type === "pointerleave" && document.activeElement !== this.frame) this.#point(-1);
  }

  #point(place) {
    this.frame.classList.toggle("on-point", place >= 0);
    if (place === this.#current || (place < 0 && document.activeElement === this.frame)) return;
    this.#current = place;
    this.#soon();
  }

  /** The chosen point nearest to a place in the frame, or -1 when none is near. */
  #under(at) {
    let [best, least] = [-1, NEAR];
    this.#points.forEach((point, place) => {
      const far = point.chosen ? distance(this.#view.seen(point.at), at) : Infinity;
      if (far < least) [best, least] = [place, far];
    });
    return best;
  }

  #within(event) {
    const { left, top } = this.frame.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  #soon() {
    this.#waiting ||= requestAnimationFrame(() => {
      this.#waiting = 0;
      this.#draw();
    });
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    if (!width || !height) return;
    const start = performance.now();
    this.#view.size(width, height);
    this.frame.classList.toggle("zoomed", this.#view.isZoomed);
    drawn(this.canvas, this.#view, { points: this.#points, regions: this.#regions,
      current: this.#current, opened: this.opened, swatches: this.key, covered: boxOf(this.buttons) });
    this.#say();
    performance.measure("assay:map", { start });
  }

  /** Say which point is meant, beside it. */
  #say() {
    const point = this.#points[this.#current];
    this.words.hidden = !point;
    if (!point) return;
    const { issue } = point;
    const sentence = `${issue.canonical_title.slice(0, 200) || "Untitled issue"} · ${nameOf(issue.category)}, ` +
      `${issue.people ? people(issue.people) : plural(issue.posts, "post")}, heat ${heat(issue.heat)}` +
      `${issue.topic ? `, topic ${issue.topic.slice(0, 100)}` : ""}`;
    if (this.words.textContent !== sentence) this.words.textContent = sentence;
    const [x, y] = this.#view.seen(point.at);
    const left = Math.min(Math.max(8, x + 12), this.frame.clientWidth - this.words.offsetWidth - 8);
    const below = y + 14 + this.words.offsetHeight < this.frame.clientHeight;
    this.words.style.translate = `${Math.round(Math.max(8, left))}px ${Math.round(below ? y + 14 : y - 14 - this.words.offsetHeight)}px`;
  }
}

function regionsOf(issues) {
  const topics = new Map();
  for (const { topic, place } of issues) {
    if (topic) topics.set(topic, [...(topics.get(topic) ?? []), place]);
  }
  return [...topics].sort(([one, its], [other, theirs]) => theirs.length - its.length || (one < other ? -1 : 1))
    .flatMap(([topic, places]) => grouped(places, GAP).map((group, place) => (
      { name: place ? "" : topic, points: hull(group) })));
}

function caption(on, chosen) {
  if (!on) return "None of these issues has a place: the map is of the newest day.";
  return on === chosen ? `${plural(on, "issue")}.` : `${number(on)} of ${plural(chosen, "issue")}; the map is of the newest day.`;
}

const boxOf = ({ offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height }) =>
  [left, top, left + width, top + height];
const middle = (one, other) => [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
