"""Clusters: which posts speak of the same trouble, how sure that is, and which fit nowhere.

The default is k-means over features that were smoothed along neighbours (features.py). HDBSCAN
(Campello, Moulavi and Sander 2013) over a UMAP reduction (McInnes, Healy and Melville 2018) is for
people who want noise left out. MiniBatchKMeans on the embeddings as they are is the plain rule, for
few broad topics. docs/decisions/clusters.md has the figures.
"""

import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN, MiniBatchKMeans
from sklearn.metrics import normalized_mutual_info_score

from assay.mining.cluster.blocks import matmul, own_distance
from assay.mining.cluster.features import (
    center,
    concat_features,
    neighbour_graph,
    remove_source_effect,
    smooth_on_graph,
    unit,
    word_vectors,
)
from assay.mining.cluster.partition import fitted_labels, partition, spherical_steps
from assay.mining.threads import single_threaded

log = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Method = Literal["kmeans", "hdbscan", "minibatch"]

# Raise it when the rules change: days that are not over are then clustered again.
CLUSTERING_VERSION = "4"
MIN_CLUSTERS, ITEMS_PER_CLUSTER = 10, 100
RESOLUTION = 3.0  # of the modularity that chooses the number of clusters
FEW = 200  # items; among fewer groups are small, and the resolution rises up to twice as high
MAX_TO_CHOOSE = 20_000  # items; above, the rule of items per cluster stands
MAX_TO_TRY = 5_000  # items by which it is told how far embeddings alone can be trusted
FINE_STARTS = 4  # of the finer clusters, which are merged anyway
FINER, COARSER = 4, 2  # the number chosen is at most 4 times the rule's and at least half of it
# An outlier's neighbours are this many robust standard deviations less near than is usual.
OUTLIER_DEVIATIONS = 1.5
MIN_OUTLIER_ITEMS = 30  # with fewer there is no "usual"
UMAP_DIMENSIONS, UMAP_NEIGHBOURS = 5, 15
MIN_TO_REDUCE = 50  # items; fewer go to HDBSCAN as they are


@dataclass(frozen=True)
class Clusters:
    """n items in k clusters, 0 the largest.

    cluster_id: (n,) int32. distance: (n,) float32, 1 - cosine of an item's embedding and its
    cluster's centroid, 0 to 2. is_outlier: (n,) bool, fits nowhere; such an item keeps the id of
    the nearest cluster and has no part in its centroid. centroids: (k, d) float32 of length 1, in
    the space of the embeddings. confidence: (k,) float32, the share of its members' neighbourhood
    that lies within the cluster: 1 stands alone, 0.5 has as many ties to others as to itself. For
    method minibatch, which knows no neighbours, how much nearer members are to their own centroid
    than to the next (a silhouette): 1 stands alone, 0 lies between two.
    central: for each cluster the rows of its members, the medoid first, without outliers.
    """

    cluster_id: NDArray[np.int32]
    distance: Floats
    is_outlier: NDArray[np.bool_]
    centroids: Floats
    confidence: Floats
    central: tuple[Ints, ...]


@single_threaded
def cluster(
    vectors: Floats,
    texts: Sequence[str],
    *,
    method: Method = "kmeans",
    seed: int = 0,
    number: int | None = None,
    places: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Clusters:
    """Cluster items by their embeddings (n, d), rows of length 1, and their texts (n).

    method: kmeans chooses the number of clusters around max(10, n / 100), hdbscan finds its own,
    minibatch takes that rule as it is, and nothing but the embeddings; no item of its fits nowhere.
    number: of clusters, where it is known; hdbscan does not ask for it. places: where each was
    posted, in words (repository, tags, subreddit, or ""). sources: the site each is from, whose
    manner of writing is then taken out. keys: one per item, such as url_hash; items are put into
    their order before anything is computed, so that the result does not depend on the order of the
    rows. Without keys, texts serve. Labels are the same on every processor and whatever number of
    threads there is: it is one. Raises ValueError when lengths differ, a value is not finite or
    there is no such method.
    """
    columns = {"texts": texts, "places": places, "sources": sources, "keys": keys}
    _check(vectors, columns, method)
    n = len(vectors)
    if n == 0:
        nothing = np.zeros(0, np.int64), np.zeros(0, bool), np.zeros(0, np.float32)
        return _describe(vectors, *nothing)
    started = time.monotonic()
    named = texts if keys is None else keys
    order = np.array(sorted(range(n), key=lambda row: (named[row], vectors[row].tobytes())))
    # What is in order, as posts by their keys are, is not held twice.
    rows = vectors if (np.diff(order) == 1).all() else vectors[order]
    rows = rows.astype(np.float32, copy=False)
    if method == "minibatch":
        found = _plain(rows, number or usual_number(n), seed)
    else:
        read = {name: _in(columns[name], order) for name in ("texts", "places", "sources")}
        found = _by_features(rows, method=method, seed=seed, number=number, **read)
    log.info(
        "%d items in %d clusters, %d fit nowhere, %.1f s",
        *(n, len(found.centroids), int(found.is_outlier.sum()), time.monotonic() - started),
    )
    return _in_order(found, order)


def usual_number(items: int) -> int:
    """Return max(10, items / 100), never more than there are items."""
    return min(items, max(MIN_CLUSTERS, items // ITEMS_PER_CLUSTER))


def _check(vectors: Floats, columns: dict[str, Sequence[str] | None], method: str) -> None:
    for name, values in columns.items():
        if values is not None and len(values) != len(vectors):
            raise ValueError(f"{len(vectors)} vectors but {len(values)} {name}")
    if vectors.ndim != 2 or not np.isfinite(vectors).all():
        raise ValueError("vectors are not (n, d) finite numbers")
    if method not in get_args(Method):
        raise ValueError(f"cluster_method {method} is none of {', '.join(get_args(Method))}")


def _in(values: Sequence[str] | None, order: Ints) -> list[str] | None:
    return None if values is None else [values[row] for row in order]


def _plain(rows: Floats, number: int, seed: int) -> Clusters:
    """Return MiniBatchKMeans' clusters of the embeddings."""
    model = MiniBatchKMeans(min(number, len(rows)), random_state=seed)
    label = fitted_labels(model, rows)
    return _describe(rows, label, np.zeros(len(rows), bool), _separation(rows, label))


def _by_features(
    rows: Floats,
    *,
    texts: list[str],
    places: list[str] | None,
    sources: list[str] | None,
    method: Method,
    seed: int,
    number: int | None,
) -> Clusters:
    """Return the clusters of what features.py makes of the items."""
    lexical = word_vectors(texts, places, seed, _certainty(rows, number, seed))
    # Of a hundred thousand posts each matrix is 150 MB or more: what is not needed goes at once.
    points = concat_features(rows, lexical)
    if sources is not None and len(set(sources)) > 1:
        graph, _ = neighbour_graph(points, seed)
        smooth = smooth_on_graph(points, graph)
        del points
        first = _by_means(smooth, graph, number, seed, minibatch_starts=1)
        del smooth, graph
        points = concat_features(remove_source_effect(rows, sources, first), lexical)
    del lexical
    graph, near = neighbour_graph(points, seed)
    if method == "hdbscan":
        label, outlier = _by_density(points, seed)
    else:
        smooth = smooth_on_graph(points, graph)
        del points
        label, outlier = _by_means(smooth, graph, number, seed), _lonely(near)
    return _describe(rows, label, outlier, _confidence(label, graph))


def _by_means(
    smooth: Floats, graph: sp.csr_matrix, number: int | None, seed: int, **starts: int
) -> Ints:
    label = partition(smooth, number or _number(smooth, graph, seed), seed=seed, **starts)
    return spherical_steps(smooth, label)


def _certainty(rows: Floats, number: int | None, seed: int) -> float:
    """Return how far two k-means of the embeddings alone agree (normalized mutual information).

    Where chance decides between them, embeddings do not tell these texts apart, and words may.
    """
    n = min(len(rows), MAX_TO_TRY)
    k = number or min(FINER * usual_number(n), n // 3)
    if k < 2:
        return 1.0
    chosen = np.arange(len(rows))
    if n < len(rows):
        chosen = np.sort(np.random.default_rng(seed).choice(len(rows), n, replace=False))
    points = center(rows[chosen])
    one, other = (partition(points, k, seed=seed + turn, max_starts=1) for turn in range(2))
    return round(float(normalized_mutual_info_score(one, other)), 3)


def _number(points: Floats, graph: sp.csr_matrix, seed: int) -> int:
    """Return how many clusters: the rule, or what the graph of neighbours says near it.

    Clusters much finer than the rule's are merged pair by pair where that raises modularity most
    (Newman 2004; with a resolution, Reichardt and Bornholdt 2006); the best number on the way wins.
    """
    n = len(points)
    rule = usual_number(n)
    finest = min(FINER * rule, n // 3)
    if n > MAX_TO_CHOOSE or finest <= rule:
        return rule
    fine = partition(points, finest, seed=seed, max_starts=FINE_STARTS)
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
    space = _reduced(points, seed) if n >= MIN_TO_REDUCE else points
    label = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True).fit_predict(space)
    noise = label < 0
    if noise.all():
        return np.zeros(n, np.int64), np.zeros(n, bool)
    means = unit(np.stack([points[label == c].mean(0) for c in range(label.max() + 1)]))
    label[noise] = (points[noise] @ means.T).argmax(1)
    return label.astype(np.int64), noise


def _reduced(points: Floats, seed: int) -> Floats:
    """Return UMAP's (n, 5); one thread, since more than one is not repeatable."""
    try:
        from umap import UMAP  # noqa: PLC0415 - compiles for seconds, and only the option needs it
    except ImportError as error:
        cure = "pip install 'assay[hdbscan]'"
        raise ImportError(f"cluster_method hdbscan needs UMAP ({error}): {cure}") from error

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


def _describe(
    vectors: Floats, label: Ints, outlier: NDArray[np.bool_], confidence: Floats
) -> Clusters:
    """Return the clusters by size, the earlier medoid first where sizes are equal.

    confidence: (k,). Distances are rounded to what processors agree on, so that the order of
    members is the same on all.
    """
    n = len(vectors)
    outlier = outlier & ~_all_out(label, outlier)
    k = int(label.max()) + 1 if n else 0
    kept = np.flatnonzero(~outlier)
    member = sp.csr_matrix((np.ones(len(kept)), (label[kept], kept)), shape=(k, n))
    centroids = unit(matmul(member, vectors))
    distance = own_distance(vectors, centroids, label)
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
        confidence[rank],
        tuple(central[c] for c in rank),
    )


def _all_out(label: Ints, outlier: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the items whose cluster would be empty without them: outliers among outliers."""
    if len(label) == 0:
        return outlier
    return np.bincount(label, ~outlier)[label] == 0


def _confidence(label: Ints, graph: sp.csr_matrix) -> Floats:
    """Return the share of each cluster's ties in the graph that stay within it, (k,)."""
    k, edges = int(label.max()) + 1, graph.tocoo()
    every = np.bincount(label[edges.row], edges.data, k)
    within = label[edges.row] == label[edges.col]
    inside = np.bincount(label[edges.row[within]], edges.data[within], k)
    return np.divide(inside, every, out=np.zeros(k), where=every > 0).astype(np.float32)


def _separation(rows: Floats, label: Ints) -> Floats:
    """Return each cluster's mean silhouette by centroids, (k,): 1 - own / next nearest distance."""
    n, k = len(rows), int(label.max()) + 1
    if k == 1:
        return np.ones(1, np.float32)
    member = sp.csr_matrix((np.ones(n), (label, np.arange(n))), shape=(k, n))
    distance = np.maximum(1 - rows.astype(np.float64) @ unit(member @ rows).T, 1e-9)
    own = distance[np.arange(n), label].copy()
    distance[np.arange(n), label] = np.inf
    value = np.clip(1 - own / distance.min(1), 0, 1)
    return (np.bincount(label, value, k) / np.bincount(label, minlength=k)).astype(np.float32)


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
