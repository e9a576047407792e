"""Group-average linkage along the edges of a graph of neighbours, stopped at a least likeness.

Sokal and Michener 1958. Of vectors of length 1 the mean cosine between two groups is the product of
their means, so no matrix of all pairs is needed. Group-average linkage is reducible: joining all
pairs that are each other's best in one round gives the same groups as joining the best pair of all,
time after time (Murtagh 1983). A round is a few sums over the edges.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from assay.mining.cluster.blocks import matmul

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]

BLOCK = 20_000  # edges whose vectors are held at once: 120 MB at 384 dimensions


def group_average(
    points: Floats,
    graph: sp.csr_matrix,
    least: float,
    *,
    start: Ints | None = None,
    held_apart: float = 0.0,
) -> Ints:
    """Return for each of the points (n, d), rows of length 1, the number of its group, (n,).

    graph: (n, n), symmetric; groups are joined only where an edge goes from one to the other.
    least: the mean cosine at which two groups are still joined. start: (n,) the group in which a
    point begins, -1 for none. held_apart: how much more than `least` two of these need to become
    one. Numbers run from 0 without gaps, by the first point. The order of the points decides
    between equally good pairs.
    """
    if not len(points):
        return np.zeros(0, np.int64)
    label, known = _begin(len(points), start)
    member = _members(label)
    sums, size = matmul(member, points), np.asarray(member.sum(1)).ravel()
    edges = sp.triu(graph, 1).tocoo()
    one, other = _between(label[edges.row], label[edges.col], len(size))
    while len(one):
        likeness = _mean_cosine(sums, size, one, other)
        likeness -= held_apart * (known[one] & known[other])
        enough = likeness >= least
        one, other, likeness = one[enough], other[enough], likeness[enough]
        if not len(one):
            break
        to = _joined(one, other, likeness, len(size))
        label = to[label]
        member = _members(to)
        sums, size = member @ sums, member @ size
        known = np.asarray(member @ known) > 0
        one, other = _between(to[one], to[other], len(size))
    return _by_first_point(label)


def _begin(n: int, start: Ints | None) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the group of each point, and which groups are those of `start`."""
    if start is None:
        return np.arange(n), np.zeros(n, bool)
    alone = start < 0
    first = np.where(alone, np.arange(n) + start.max(initial=-1) + 1, start)
    _, where, label = np.unique(first, return_index=True, return_inverse=True)
    return label.astype(np.int64), ~alone[where]


def _members(label: Ints) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(label)), (label, np.arange(len(label)))))


def _between(one: Ints, other: Ints, groups: int) -> tuple[Ints, Ints]:
    """Return the pairs of different groups, each once and in order."""
    low, high = np.minimum(one, other).astype(np.int64), np.maximum(one, other).astype(np.int64)
    code = np.unique((low * groups + high)[low != high])
    return code // max(groups, 1), code % max(groups, 1)


def _mean_cosine(sums: Floats, size: Floats, one: Ints, other: Ints) -> Floats:
    product = np.empty(len(one))
    for begin in range(0, len(one), BLOCK):
        part = slice(begin, begin + BLOCK)
        product[part] = np.einsum("ij,ij->i", sums[one[part]], sums[other[part]])
    # Rounded to what processors agree on.
    return np.round(product / (size[one] * size[other]), 9)


def _joined(one: Ints, other: Ints, likeness: Floats, groups: int) -> Ints:
    """Return the new number of each group: pairs that are each other's best become one."""
    end, partner = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.lexsort((partner, -np.concatenate([likeness, likeness]), end))
    end, partner = end[order], partner[order]
    first = np.r_[True, end[1:] != end[:-1]]
    best = np.full(groups, -1)
    best[end[first]] = partner[first]
    low = np.flatnonzero(best >= 0)
    low = low[(best[best[low]] == low) & (low < best[low])]
    to = np.arange(groups)
    to[best[low]] = low
    return np.unique(to, return_inverse=True)[1].astype(np.int64)


def _by_first_point(label: Ints) -> Ints:
    _, where, number = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(where))[number].astype(np.int64)
