/** Where things lie in a plane: outlines, free places for labels, the next point in a direction. */

const CELL = 24; // px of a cell in which boxes are looked for

/** Return the corners of the smallest outline around points `[x, y]`, in order. */
export function hull(points) {
  const sorted = [...points].sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  if (sorted.length < 3) return sorted;
  const half = (some) => {
    const kept = [];
    for (const point of some) {
      while (kept.length > 1 && turn(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
      kept.push(point);
    }
    return kept.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** Return points in groups, the largest first: each is less than `gap` away from another of it. */
export function grouped(points, gap) {
  let groups = [];
  for (const point of points) {
    const near = groups.filter((group) => group.some((one) => distance(one, point) < gap));
    groups = groups.filter((group) => !near.includes(group));
    groups.push([point, ...near.flat()]);
  }
  return groups.sort((one, other) => other.length - one.length);
}

/** Return an outline that leaves `room` around points, rounded at its corners. */
export function rounded(points, room) {
  const around = [];
  for (const [x, y] of points) {
    for (let step = 0; step < 12; step += 1) {
      const angle = (step * Math.PI) / 6;
      around.push([x + room * Math.cos(angle), y + room * Math.sin(angle)]);
    }
  }
  return hull(around);
}

/**
 * Return the index of the nearest point to go to from `from` in a direction (`[1, 0]` is right),
 * or -1: among those within 45 degrees of it, which makes every point reachable by some way.
 */
export function towards(points, from, [right, down]) {
  let best = -1;
  let least = Infinity;
  points.forEach(([x, y], place) => {
    const ahead = (x - from[0]) * right + (y - from[1]) * down;
    const aside = Math.abs((x - from[0]) * down) + Math.abs((y - from[1]) * right);
    if (ahead <= 0 || aside > ahead) return;
    const far = ahead + 2 * aside;
    if (far < least) [best, least] = [place, far];
  });
  return best;
}

/** Boxes `[left, top, right, bottom]` that are taken, to find free places beside them. */
export class Taken {
  #cells = new Map();

  add(box) {
    for (const key of cellsOf(box)) {
      const cell = this.#cells.get(key);
      if (cell) cell.push(box);
      else this.#cells.set(key, [box]);
    }
  }

  isFree(box) {
    for (const key of cellsOf(box)) {
      for (const other of this.#cells.get(key) ?? []) if (overlap(box, other)) return false;
    }
    return true;
  }
}

function* cellsOf([left, top, right, bottom]) {
  for (let column = Math.floor(left / CELL); column <= Math.floor(right / CELL); column += 1) {
    for (let row = Math.floor(top / CELL); row <= Math.floor(bottom / CELL); row += 1) {
      yield column * 100_003 + row;
    }
  }
}

const overlap = (one, other) =>
  one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

export const distance = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);
