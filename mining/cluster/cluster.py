"""Clusters: which posts speak of the same trouble, how sure that is, and which fit nowhere.

The default is k-means over features that were evened out along neighbours (features.py).
The option is HDBSCAN (Campello, Moulavi and Sander 2013) over a UMAP reduction (McInnes, Healy and
Melville 2018), for people who want noise left out. docs/decisions/clusters.md has the figures.
"""

import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN

from assay.mining.cluster.features import (
    beside,
    neighbour_graph,
    unit,
    walked,
    without_source,
    word_vectors,
)
from assay.mining.cluster.kmeans import kmeans

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Method = Literal["kmeans", "hdbscan"]

CLUSTERING_VERSION = "2"  # raise it when the rules change: days are then clustered again
MIN_CLUSTERS, ITEMS_PER_CLUSTER = 10, 100
RESOLUTION = 3.0  # of the modularity that chooses the number of clusters
FEW = 200  # items; among fewer groups are small, and the resolution rises up to twice as high
CHOOSE_MOST = 20_000  # items; above, the rule of items per cluster stands
FINER, COARSER = 4, 2  # the number chosen is at most 4 times the rule's and at least half of it
# An outlier's neighbours are this many robust standard deviations less near than is usual.
OUTLIER_DEVIATIONS = 1.5
MIN_OUTLIER_ITEMS = 30  # with fewer there is no "usual"
UMAP_DIMENSIONS, UMAP_NEIGHBOURS = 5, 15
REDUCE_LEAST = 50  # items; fewer go to HDBSCAN as they are


@dataclass(frozen=True)
class Clusters:
    """n items in k clusters, 0 the largest.

    cluster_id: (n,) int32. distance: (n,) float32, 1 - cosine of an item's embedding and its
    cluster's centroid, 0 to 2. is_outlier: (n,) bool, fits nowhere; such an item keeps the id of
    the nearest cluster and has no part in its centroid. centroids: (k, d) float32 of length 1, in
    the space of the embeddings. confidence: (k,) float32, the share of its members' neighbourhood
    that lies within the cluster: 1 stands alone, 0.5 has as many ties to others as to itself.
    central: for each cluster the rows of its members, the medoid first, without outliers.
    """

    cluster_id: NDArray[np.int32]
    distance: Floats
    is_outlier: NDArray[np.bool_]
    centroids: Floats
    confidence: Floats
    central: tuple[Ints, ...]


def cluster(
    vectors: Floats,
    texts: Sequence[str],
    weights: Floats | None = None,
    *,
    n_clusters: int | None = None,
    method: Method = "kmeans",
    seed: int = 0,
    places: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Clusters:
    """Cluster items by their embeddings (n, d), rows of length 1, and their texts (n).

    weights: (n,), not negative; what an item counts in the means, 1 by default. n_clusters: by
    default chosen around max(10, n / 100), never more than n; HDBSCAN finds its own. places: where
    each was posted, in words (repository, tags, subreddit, or ""). sources: the site each is from,
    whose manner of writing is then taken out. keys: one per item, such as url_hash; items are put
    into their order before anything is computed, so that the result does not depend on the order
    of the rows. Without keys, texts serve. Raises ValueError when lengths differ or a value is not
    finite.
    """
    columns = {"texts": texts, "places": places, "sources": sources, "keys": keys}
    _check(vectors, n_clusters, weights, columns)
    n = len(vectors)
    if n == 0:
        return _described(vectors, np.zeros(0, np.int64), np.zeros(0, bool), sp.csr_matrix((0, 0)))
    started = time.monotonic()
    named = texts if keys is None else keys
    order = np.array(sorted(range(n), key=lambda row: (named[row], vectors[row].tobytes())))
    rows = vectors[order].astype(np.float32, copy=False)
    lexical = word_vectors(*(_in(values, order) for values in (texts, places)), seed)
    mass = None if weights is None else weights[order]
    points, graph, near = _looked_at(rows, lexical, seed)
    if sources is not None and len(set(sources)) > 1:
        first = _by_means(points, graph, n_clusters, mass, seed)
        rows_alike = without_source(rows, _in(sources, order), first)
        points, graph, near = _looked_at(rows_alike, lexical, seed)
    if method == "hdbscan":
        label, outlier = _by_density(points, seed)
    else:
        label, outlier = _by_means(points, graph, n_clusters, mass, seed), _lonely(near)
    found = _described(rows, label, outlier, graph)
    log.info(
        "%d items in %d clusters, %d fit nowhere, %.1f s",
        *(n, len(found.centroids), int(found.is_outlier.sum()), time.monotonic() - started),
    )
    return _in_order(found, order)


def usual_number(items: int) -> int:
    """Return max(10, items / 100), never more than there are items."""
    return min(items, max(MIN_CLUSTERS, items // ITEMS_PER_CLUSTER))


def _check(
    vectors: Floats,
    n_clusters: int | None,
    weights: Floats | None,
    columns: dict[str, Sequence[str] | None],
) -> None:
    for name, values in {**columns, "weights": weights}.items():
        if values is not None and len(values) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors but {len(values)} {name}")
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("vectors are not (n, d) finite numbers")
    if weights is not None and not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError("weights are not finite numbers of 0 or more")
    if n_clusters is not None and n_clusters < 1:
        raise ValueError(f"n_clusters is {n_clusters}, not 1 or more")


def _in(values: Sequence[str] | None, order: Ints) -> list[str] | None:
    return None if values is None else [values[row] for row in order]


def _looked_at(
    rows: Floats, lexical: Floats | None, seed: int
) -> tuple[Floats, sp.csr_matrix, Floats]:
    points = beside(rows, lexical)
    return points, *neighbour_graph(points, seed)


def _by_means(
    points: Floats, graph: sp.csr_matrix, number: int | None, weights: Floats | None, seed: int
) -> Ints:
    even = walked(points, graph)
    return kmeans(even, number or _number(even, graph, seed), weights=weights, seed=seed).label


def _number(points: Floats, graph: sp.csr_matrix, seed: int) -> int:
    """Return how many clusters: the rule, or what the graph of neighbours says near it.

    Clusters much finer than the rule's are merged pair by pair where that raises modularity most
    (Newman 2004; with a resolution, Reichardt and Bornholdt 2006); the best number on the way wins.
    """
    n = len(points)
    rule = usual_number(n)
    finest = min(FINER * rule, n // 3)
    if n > CHOOSE_MOST or finest <= rule:
        return rule
    fine = kmeans(points, finest, seed=seed).label
    k = int(fine.max()) + 1
    member = sp.csr_matrix((np.ones(n), (np.arange(n), fine)), shape=(n, k))
    ties = (member.T @ graph @ member).toarray()
    resolution = RESOLUTION * min(2, max(1, FEW / n))
    return _best_cut(ties / max(ties.sum(), 1e-12), max(MIN_CLUSTERS, rule // COARSER), resolution)


def _best_cut(ties: NDArray[np.float64], least: int, resolution: float) -> int:
    """Return the number of clusters at which greedy merging of (k, k) ties has most modularity."""
    modularity, best, number = 0.0, 0.0, len(ties)
    while len(ties) > least:
        share = ties.sum(1)
        gain = 2 * (ties - resolution * np.outer(share, share))
        np.fill_diagonal(gain, -np.inf)
        one, other = np.unravel_index(int(gain.argmax()), gain.shape)
        modularity += gain[one, other]
        ties[one] += ties[other]
        ties[:, one] += ties[:, other]
        ties = np.delete(np.delete(ties, other, 0), other, 1)
        if modularity > best:
            best, number = modularity, len(ties)
    return number


def _lonely(near: Floats) -> NDArray[np.bool_]:
    """Return which items have neighbours much less near than is usual (median and MAD)."""
    if len(near) < MIN_OUTLIER_ITEMS:
        return np.zeros(len(near), bool)
    middle = float(np.median(near))
    spread = 1.4826 * float(np.median(np.abs(near - middle)))
    return near < middle - OUTLIER_DEVIATIONS * spread - 1e-6


def _by_density(points: Floats, seed: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Return HDBSCAN's clusters and noise; a noise item gets the cluster of the nearest mean."""
    n = len(points)
    least = max(5, min(25, n // 60))
    if n <= least or np.ptp(points, axis=0).max(initial=0) < 1e-6:
        return np.zeros(n, np.int64), np.zeros(n, bool)
    space = _reduced(points, seed) if n >= REDUCE_LEAST else points
    label = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True).fit_predict(space)
    noise = label < 0
    if noise.all():
        return np.zeros(n, np.int64), np.zeros(n, bool)
    means = unit(np.stack([points[label == c].mean(0) for c in range(label.max() + 1)]))
    label[noise] = (points[noise] @ means.T).argmax(1)
    return label.astype(np.int64), noise


def _reduced(points: Floats, seed: int) -> Floats:
    """Return UMAP's (n, 5); one thread, since more than one is not repeatable."""
    from umap import UMAP  # noqa: PLC0415 - compiles for seconds, and only the option needs it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that a seed means one thread
        return UMAP(
            n_components=UMAP_DIMENSIONS,
            n_neighbors=UMAP_NEIGHBOURS,
            min_dist=0.0,
            metric="cosine",
            random_state=seed,
            n_jobs=1,
        ).fit_transform(points)


def _described(
    vectors: Floats, label: Ints, outlier: NDArray[np.bool_], graph: sp.csr_matrix
) -> Clusters:
    """Return the clusters by size, the earlier medoid first where sizes are equal."""
    n, d = vectors.shape
    outlier = outlier & ~_all_out(label, outlier)
    k = int(label.max()) + 1 if n else 0
    kept = np.flatnonzero(~outlier)
    sums = sp.csr_matrix((np.ones(len(kept)), (label[kept], kept)), shape=(k, n)) @ vectors
    centroids = unit(np.asarray(sums).reshape(k, d))
    distance = np.clip(1 - np.einsum("ij,ij->i", vectors, centroids[label]), 0, 2)
    by_cluster = kept[np.lexsort((kept, distance[kept], label[kept]))]
    central = np.split(by_cluster, np.searchsorted(label[by_cluster], np.arange(1, k)))[:k]
    size = np.bincount(label, minlength=k)
    rank = sorted(range(k), key=lambda c: (-size[c], int(central[c][0])))
    number = np.empty(k, np.int64)
    number[rank] = np.arange(k)
    return Clusters(
        number[label].astype(np.int32),
        distance.astype(np.float32),
        outlier,
        centroids[rank],
        _confidence(label, k, graph)[rank],
        tuple(central[c] for c in rank),
    )


def _all_out(label: Ints, outlier: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the items whose cluster would be empty without them: outliers among outliers."""
    if len(label) == 0:
        return outlier
    return np.bincount(label, ~outlier)[label] == 0


def _confidence(label: Ints, k: int, graph: sp.csr_matrix) -> Floats:
    edges = graph.tocoo()
    every = np.bincount(label[edges.row], edges.data, k)
    within = label[edges.row] == label[edges.col]
    inside = np.bincount(label[edges.row[within]], edges.data[within], k)
    return np.divide(inside, every, out=np.zeros(k), where=every > 0).astype(np.float32)


def _in_order(found: Clusters, order: Ints) -> Clusters:
    """Return the clusters of rows in the order in which the caller gave them."""
    back = np.argsort(order)
    return Clusters(
        found.cluster_id[back],
        found.distance[back],
        found.is_outlier[back],
        found.centroids,
        found.confidence,
        tuple(order[rows] for rows in found.central),
    )
