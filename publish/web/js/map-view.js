/** Which part of a plane a frame shows: zoom and place, and where a point is seen. */

const EDGE = 36; // px around the outermost points
const MOST = 60; // times larger than the whole

export class MapView {
  #box = [-1, -1, 1, 1]; // of all points: left, bottom, right, top
  #center = [0, 0];
  #times = 1;
  #width = 0;
  #height = 0;

  get isZoomed() {
    return this.#times > 1.001;
  }

  /** Show another plane, whole. */
  frame(points) {
    const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
    const ends = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity]);
    const [[left, right], [bottom, top]] = points.length ? [ends(xs), ends(ys)] : [[-1, 1], [-1, 1]];
    this.#box = [left, bottom, right, top];
    this.whole();
  }

  whole() {
    const [left, bottom, right, top] = this.#box;
    this.#center = [(left + right) / 2, (bottom + top) / 2];
    this.#times = 1;
  }

  /** Take the frame's width and height, in px. */
  size(width, height) {
    this.#width = width;
    this.#height = height;
  }

  /** Return where a point of the plane is seen, in px from the left and the top. */
  seen([x, y]) {
    return [this.#width / 2 + (x - this.#center[0]) * this.#scale, this.#height / 2 - (y - this.#center[1]) * this.#scale];
  }

  /** Zoom so that the point at `at` (px; the middle where none is given) stays where it is. */
  zoom(by, at = [this.#width / 2, this.#height / 2]) {
    const before = this.#scale;
    this.#times = Math.min(MOST, Math.max(1, this.#times * by));
    const [x, y] = [at[0] - this.#width / 2, at[1] - this.#height / 2];
    const change = 1 / before - 1 / this.#scale;
    this.#centerAt([this.#center[0] + x * change, this.#center[1] - y * change]);
  }

  /** Move what is seen by so many px. */
  move(right, down) {
    this.#centerAt([this.#center[0] - right / this.#scale, this.#center[1] + down / this.#scale]);
  }

  /** Move a point into the frame, to its middle when it is outside. */
  reveal(point) {
    const [x, y] = this.seen(point);
    const inside = x > EDGE && x < this.#width - EDGE && y > EDGE && y < this.#height - EDGE;
    if (!inside && this.isZoomed) this.#centerAt(point);
  }

  get #scale() {
    const [left, bottom, right, top] = this.#box;
    const wide = Math.max(1, this.#width - 2 * EDGE) / Math.max(1e-9, right - left);
    const tall = Math.max(1, this.#height - 2 * EDGE) / Math.max(1e-9, top - bottom);
    return Math.min(wide, tall, 1e6) * this.#times;
  }

  #centerAt([x, y]) {
    const [left, bottom, right, top] = this.#box;
    if (!this.isZoomed) return this.whole();
    this.#center = [Math.min(right, Math.max(left, x)), Math.min(top, Math.max(bottom, y))];
    return undefined;
  }
}
