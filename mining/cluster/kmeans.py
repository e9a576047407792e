"""K-means as matrix products: Lloyd's steps (Lloyd 1982) on blocks of rows.

Centres start from greedy k-means++ (Arthur and Vassilvitskii 2007) while there are few, from
sampled rows otherwise, and settle on a sample before all points see them. After one step in which
every point is compared with every centre, a point is compared only with the centres nearest to its
own: the rest of the work is then linear in the points, whatever k is (Wang et al. 2012, cluster
closures).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

BLOCK_VALUES = 16_000_000  # scores held at once, in float32: 64 MB
PLUS_PLUS_MOST = 500  # centres; above, k-means++ costs more than all steps together
DRAWN_PER_CENTRE, DRAWN_LEAST = 10, 2_000  # rows that k-means++ draws from
SAMPLE_PER_CENTRE = 16
NEAR = 24  # centres that a point is compared with after the first full step
RESTARTS_BELOW = 5_000  # points; there a restart costs milliseconds and starts differ most
RESTARTS = 8


@dataclass(frozen=True)
class Partition:
    """label: (n,) the centre of each point. centres: (k, d). inertia: sum of squared distances."""

    label: Ints
    centres: Floats
    inertia: float


def kmeans(
    points: Floats, k: int, *, weights: Floats | None = None, seed: int = 0, steps: int = 8
) -> Partition:
    """Partition points (n, d) around k centres, or fewer when fewer points differ.

    weights: (n,), not negative; what a point counts in its centre, 1 by default. steps: Lloyd's
    steps over all points. The same input gives the same output; time is O(n k d) once and O(n d)
    for each further step. Raises ValueError when k is below 1 and there are points.
    """
    n = len(points)
    if n == 0:
        return Partition(np.zeros(0, np.int64), np.zeros((0, points.shape[1]), np.float32), 0.0)
    if k < 1:
        raise ValueError(f"k is {k}, not 1 or more")
    weights = np.ones(n, np.float32) if weights is None else weights.astype(np.float32)
    if not weights.any():
        weights = np.ones(n, np.float32)
    rng = np.random.default_rng(seed)
    starts = RESTARTS if n <= RESTARTS_BELOW and k <= PLUS_PLUS_MOST else 1
    best: Partition | None = None
    for _ in range(starts):
        found = _once(points, min(k, n), weights, rng, steps)
        if best is None or found.inertia < best.inertia:
            best = found
    assert best is not None  # noqa: S101 - there is at least one start
    return best


def nearest(points: Floats, centres: Floats) -> tuple[Ints, Floats]:
    """Return for each point the nearest centre and half the squared distance, less |point|²/2."""
    n = len(points)
    label, score = np.empty(n, np.int64), np.empty(n, np.float32)
    half = (np.einsum("ij,ij->i", centres, centres) / 2).astype(np.float32)
    rows = max(1, BLOCK_VALUES // max(1, len(centres)))
    for start in range(0, n, rows):
        block = points[start : start + rows] @ centres.T
        block -= half
        label[start : start + rows] = found = block.argmax(1)
        score[start : start + rows] = -block[np.arange(len(block)), found]
    return label, score


def _once(
    points: Floats, k: int, weights: Floats, rng: np.random.Generator, steps: int
) -> Partition:
    n = len(points)
    sample = min(n, max(SAMPLE_PER_CENTRE * k, DRAWN_LEAST))
    if sample < n:
        rows = np.sort(rng.choice(n, sample, replace=False))
        centres = _settled(points[rows], k, weights[rows], rng, 3)
        label, score = nearest(points, centres)
        for _ in range(steps - 1):
            before = label
            centres, label, score = _step(points, centres, label, score, weights)
            if np.array_equal(label, before):
                break
    else:
        centres = _settled(points, k, weights, rng, 3 * steps)
        label, score = nearest(points, centres)
    used, label = np.unique(label, return_inverse=True)
    centres = _means(points, label, len(used), weights, centres[used])
    inertia = float(np.sum((np.einsum("ij,ij->i", points, points) + 2 * score) * weights))
    return Partition(label, centres, inertia)


def _settled(
    points: Floats, k: int, weights: Floats, rng: np.random.Generator, steps: int
) -> Floats:
    """Return centres after the first steps, all points against all centres."""
    centres = _first_centres(points, k, weights, rng)
    before: Ints | None = None
    for _ in range(steps):
        label, score = nearest(points, centres)
        if before is not None and np.array_equal(label, before):
            break
        before = label
        centres = _means(points, label, len(centres), weights, centres)
        centres = _refilled(points, centres, label, score)
    return centres


def _step(
    points: Floats, centres: Floats, label: Ints, score: Floats, weights: Floats
) -> tuple[Floats, Ints, Floats]:
    """Return new centres, labels and scores, looking only at centres near the present one."""
    centres = _means(points, label, len(centres), weights, centres)
    centres = _refilled(points, centres, label, score)
    if len(centres) <= 4 * NEAR:
        return centres, *nearest(points, centres)
    half = (np.einsum("ij,ij->i", centres, centres) / 2).astype(np.float32)
    label, score = label.copy(), score.copy()
    order = np.argsort(label, kind="stable")
    edges = np.searchsorted(label[order], np.arange(len(centres) + 1))
    near = _near_centres(centres, half)
    for centre in range(len(centres)):
        rows = order[edges[centre] : edges[centre + 1]]
        if len(rows) == 0:
            continue
        block = points[rows] @ centres[near[centre]].T - half[near[centre]]
        found = block.argmax(1)
        label[rows] = near[centre][found]
        score[rows] = -block[np.arange(len(rows)), found]
    return centres, label, score


def _near_centres(centres: Floats, half: Floats) -> Ints:
    near = np.empty((len(centres), NEAR), np.int64)
    rows = max(1, BLOCK_VALUES // len(centres))
    for start in range(0, len(centres), rows):
        block = half - centres[start : start + rows] @ centres.T
        near[start : start + rows] = np.argpartition(block, NEAR - 1, axis=1)[:, :NEAR]
    near.sort(axis=1)  # ties go to the lower centre, as in a full step
    return near


def _first_centres(points: Floats, k: int, weights: Floats, rng: np.random.Generator) -> Floats:
    """Return up to k rows, drawn by k-means++ while they are few."""
    n = len(points)
    if k >= n:
        return points.copy()
    if k > PLUS_PLUS_MOST:
        return points[np.sort(rng.choice(n, k, replace=False))].copy()
    drawn = min(n, max(DRAWN_PER_CENTRE * k, DRAWN_LEAST))
    rows = np.arange(n) if drawn == n else np.sort(rng.choice(n, drawn, replace=False))
    centres, _ = kmeans_plusplus(
        points[rows],
        k,
        sample_weight=weights[rows] if weights[rows].any() else None,
        random_state=int(rng.integers(2**31)),
    )
    return centres


def _means(points: Floats, label: Ints, k: int, weights: Floats, before: Floats) -> Floats:
    """Return the weighted means; a centre without weight stays where it was."""
    n = len(points)
    sums = sp.csr_matrix((weights, (label, np.arange(n))), shape=(k, n)) @ points
    mass = np.bincount(label, weights, k).astype(np.float32)
    return np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], before)


def _refilled(points: Floats, centres: Floats, label: Ints, score: Floats) -> Floats:
    """Move centres that have no point to the points farthest from theirs."""
    empty = np.flatnonzero(np.bincount(label, minlength=len(centres)) == 0)
    if len(empty):
        far = np.einsum("ij,ij->i", points, points) + 2 * score
        rows = np.argsort(-far, kind="stable")[: len(empty)]
        rows = rows[far[rows] > 1e-6]
        centres[empty[: len(rows)]] = points[rows]
    return centres
