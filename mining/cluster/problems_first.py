"""Clusters of the posts that matter, and the others beside them.

Most of what is collected may be news and shows. Clustered together with the problems it makes the
clusters: large topics with a few problems in each. So the problems are clustered by themselves, and
every other post joins the nearest cluster where it is as near as the problems are, or fits nowhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assay.mining.cluster.blocks import nearest, own_distance
from assay.mining.cluster.cluster import Clusters, Floats, Method, cluster
from assay.mining.cluster.features import features, neighbour_graph, smooth_on_graph, unit
from assay.mining.threads import single_threaded

# Raise it when the rules change: days that are not over are then clustered again.
CORE_VERSION = "2"
# Fewer than these are no ground for clusters: then all items are clustered alike.
MIN_SEEDS, MIN_SHARE = 10, 0.02
JOIN_QUANTILE = 0.75  # of the distances of a cluster's own: an item that joins is as near as these


@single_threaded
def cluster_problems(
    vectors: Floats,
    texts: Sequence[str],
    is_seed: NDArray[np.bool_],
    is_eligible: NDArray[np.bool_] | None = None,
    *,
    method: Method = "kmeans",
    seed: int = 0,
    places: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Clusters:
    """Cluster the seeds as cluster.cluster does, and put the others beside them.

    is_seed: (n,) bool, the problems. is_eligible: (n,) bool, of the others those that may be
    members at all, by default every one. The rest as in `cluster`. In what is returned an item that
    joined a cluster is a member like any other, behind the seeds in `central`; centroids,
    confidence and the order of the clusters are the seeds'. With method minibatch, which is the
    plain rule over everything, all items are seeds. Raises what `cluster` raises.
    """
    columns = {"texts": texts, "places": places, "sources": sources, "keys": keys}
    seeds = np.flatnonzero(is_seed)
    too_few = len(seeds) < max(MIN_SEEDS, MIN_SHARE * len(vectors))
    if method == "minibatch" or len(seeds) == len(vectors) or too_few:
        return cluster(vectors, method=method, seed=seed, **columns)
    of_seeds = {
        name: values if values is None else [values[row] for row in seeds]
        for name, values in columns.items()
    }
    found = cluster(vectors[seeds], method=method, seed=seed, **of_seeds)
    others = np.flatnonzero(~is_seed)
    eligible = np.ones(len(others), bool) if is_eligible is None else is_eligible[others]
    near = nearest(vectors[others], found.centroids)
    # Where the others are many, only those that may join are worth a closer look.
    looked = eligible if len(others) > len(seeds) else np.ones(len(others), bool)
    if looked.any():
        rows = np.concatenate([seeds, others[looked]])
        smooth = _smoothed(vectors, columns, rows, seed)
        of_seed, of_other = smooth[: len(seeds)], smooth[len(seeds) :]
        count = range(len(found.centroids))
        means = [of_seed[found.cluster_id == c].mean(axis=0, dtype=np.float64) for c in count]
        near[looked] = nearest(of_other, unit(np.stack(means)))
    return _joined(found, vectors, (seeds, others), near, eligible)


def _smoothed(
    vectors: Floats, columns: dict[str, Sequence[str] | None], rows: NDArray[np.int64], seed: int
) -> Floats:
    """Return what clustering looks at, words and neighbours included, for some rows."""
    texts, places = (
        None if columns[name] is None else [columns[name][row] for row in rows]
        for name in ("texts", "places")
    )
    points = features(vectors[rows], texts, places, seed)
    return smooth_on_graph(points, neighbour_graph(points, seed)[0])


def _joined(
    found: Clusters,
    vectors: Floats,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    near: NDArray[np.int64],
    eligible: NDArray[np.bool_],
) -> Clusters:
    """Put the others beside the seeds; rows: of the seeds, of the others."""
    seeds, others = rows
    distances = own_distance(vectors[others], found.centroids, near).astype(np.float32)
    fits = eligible & (distances <= _reach(found)[near])
    cluster_id = np.empty(len(vectors), np.int32)
    distance = np.empty(len(vectors), np.float32)
    is_outlier = np.empty(len(vectors), bool)
    for values, of_seeds, of_others in (
        (cluster_id, found.cluster_id, near),
        (distance, found.distance, distances),
        (is_outlier, found.is_outlier, ~fits),
    ):
        values[seeds], values[others] = of_seeds, of_others
    central = []
    for number, members in enumerate(found.central):
        mine = np.flatnonzero(fits & (near == number))
        mine = mine[np.argsort(distances[mine], kind="stable")]
        central.append(np.concatenate([seeds[members], others[mine]]))
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
