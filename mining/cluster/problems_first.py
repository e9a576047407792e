"""Clusters of the posts that matter, and the others beside them.

Most of what is collected may be news and shows. Clustered together with the problems it makes the
clusters: large topics with a few problems in each. So the problems are clustered by themselves, and
every other post joins the nearest cluster where it is as near as the problems are, or fits nowhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assay.mining.cluster.cluster import Clusters, Floats, Method, cluster
from assay.mining.cluster.features import features, neighbour_graph, unit, walked

CORE_VERSION = "2"  # raise it when the rules change: days are then clustered again
# Fewer than these are no ground for clusters: then all items are clustered alike.
MIN_CORE, MIN_SHARE = 10, 0.02
JOIN_QUANTILE = 0.75  # of the distances of a cluster's own: an item that joins is as near as these


def cluster_problems(
    vectors: Floats,
    texts: Sequence[str],
    is_core: NDArray[np.bool_],
    may_join: NDArray[np.bool_] | None = None,
    *,
    method: Method = "kmeans",
    seed: int = 0,
    places: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Clusters:
    """Cluster the core items as cluster.cluster does, and put the others beside them.

    is_core: (n,) bool. may_join: (n,) bool, of the others those that may be members at all, by
    default every one. The rest as in `cluster`. In what is returned an item that joined a cluster
    is a member like any other, behind the core in `central`; centroids, confidence and the order
    of the clusters are the core's. Raises what `cluster` raises.
    """
    columns = {"texts": texts, "places": places, "sources": sources, "keys": keys}
    core = np.flatnonzero(is_core)
    if len(core) == len(vectors) or len(core) < max(MIN_CORE, MIN_SHARE * len(vectors)):
        return cluster(vectors, method=method, seed=seed, **columns)
    of_core = {
        name: values if values is None else [values[row] for row in core]
        for name, values in columns.items()
    }
    found = cluster(vectors[core], method=method, seed=seed, **of_core)
    others = np.flatnonzero(~is_core)
    willing = np.ones(len(others), bool) if may_join is None else may_join[others]
    nearest = (vectors[others] @ found.centroids.T).argmax(axis=1)
    # Where the others are many, only those that may join are worth a closer look.
    looked = willing if len(others) > len(core) else np.ones(len(others), bool)
    if looked.any():
        rows = np.concatenate([core, others[looked]])
        even = _evened(vectors, columns, rows, seed)
        own = found.cluster_id
        means = [even[: len(core)][own == c].mean(axis=0) for c in range(len(found.centroids))]
        nearest[looked] = (even[len(core) :] @ unit(np.stack(means)).T).argmax(axis=1)
    return _joined(found, vectors, (core, others), nearest, willing)


def _evened(
    vectors: Floats, columns: dict[str, Sequence[str] | None], rows: NDArray[np.int64], seed: int
) -> Floats:
    """Return what clustering looks at, words and neighbours included, for some rows."""
    texts, places = (
        None if columns[name] is None else [columns[name][row] for row in rows]
        for name in ("texts", "places")
    )
    points = features(vectors[rows], texts, places, seed)
    return walked(points, neighbour_graph(points, seed)[0])


def _joined(
    found: Clusters,
    vectors: Floats,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    nearest: NDArray[np.int64],
    willing: NDArray[np.bool_],
) -> Clusters:
    """Put the others beside the core; rows: of the core, of the others."""
    core, others = rows
    cosines = np.einsum("ij,ij->i", vectors[others], found.centroids[nearest])
    distances = np.clip(1 - cosines, 0, 2)
    fits = willing & (distances <= _reach(found)[nearest])
    cluster_id = np.empty(len(vectors), np.int32)
    distance = np.empty(len(vectors), np.float32)
    is_outlier = np.empty(len(vectors), bool)
    for values, of_core, of_others in (
        (cluster_id, found.cluster_id, nearest),
        (distance, found.distance, distances),
        (is_outlier, found.is_outlier, ~fits),
    ):
        values[core], values[others] = of_core, of_others
    central = []
    for number, members in enumerate(found.central):
        mine = np.flatnonzero(fits & (nearest == number))
        mine = mine[np.argsort(distances[mine], kind="stable")]
        central.append(np.concatenate([core[members], others[mine]]))
    return replace(
        found,
        cluster_id=cluster_id,
        distance=distance,
        is_outlier=is_outlier,
        central=tuple(central),
    )


def _reach(found: Clusters) -> Floats:
    """Return how far from each centre an item may be to join."""
    reach = np.zeros(len(found.centroids), np.float32)
    for number, members in enumerate(found.central):
        if len(members):
            reach[number] = np.quantile(found.distance[members], JOIN_QUANTILE)
    return reach
