"""Issues: groups of posts that report one problem, as many as a day holds.

Two people tell of one problem in other words, but nearer to each other than to what else there is:
on labelled reports group-average linkage (linkage.py) of embeddings finds them, and words add
nothing, since a near miss has the same words. What all posts of a day have in common is left in: it
depends on the day, and in a burst it is the problem. The likeness at which it stops was chosen on
half a of benchmarks/labelled/problems.jsonl. No number of groups is asked for: a day may hold none.
What one person says, however often, is no issue yet. docs/decisions/issues-and-topics.md has the
figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.mining.cluster.blocks import own_distance
from assay.mining.cluster.cluster import Clusters, Floats, Ints
from assay.mining.cluster.features import neighbour_graph, on_grid, remove_source_effect, unit
from assay.mining.cluster.linkage import group_average
from assay.mining.cluster.partition import partition
from assay.mining.threads import single_threaded

# Raise it when the rules change, or what a day is known by (assay/dbt/days.py): days that are not
# over are then grouped again.
REPORTS_VERSION = "3"
LIKE = 0.48  # mean cosine, without what is of a site, at which two groups are of one problem
# An issue of the day before stays one where it is nearly as close, and two stay two unless closer.
STAYS = 0.05
MIN_PEOPLE = 2
BLOCK = 8_000_000  # cosines held at once: 32 MB
# Of the first look, by which what a site adds to all its posts is told: posts to a group, and
# groups at most, since a few hundred topics tell it as well as thousands.
SCALE, MOST_GROUPS = 20, 500
JOIN_QUANTILE = 0.75  # of the distances of a group's own: a post that joins is as near as these


@dataclass(frozen=True)
class Posts:
    """n posts of a window. keys: such as url_hash, by whose order ties are decided.

    vectors: (n, d) float32 of length 1. sources: the site of each. people: who said it, any names;
    more than one where others said the same in the same words, which is one post here.
    is_problem: (n,) bool, what groups are made of. may_join: (n,) bool, of the others those that
    can be evidence beside them.
    """

    keys: Sequence[str]
    vectors: Floats
    sources: Sequence[str]
    people: Sequence[Sequence[str]]
    is_problem: NDArray[np.bool_]
    may_join: NDArray[np.bool_]


@single_threaded
def group_reports(
    posts: Posts, before: Sequence[frozenset[str]] = (), *, like: float = LIKE
) -> Clusters:
    """Return the issues as clusters, the largest first, and posts that are in none as outliers.

    before: the members of the issues of the day before, by key. They are where this day's groups
    begin: what was one stays one while it holds together. Without a group there are no centroids,
    and every cluster_id is -1; else an outlier has the id of the group that is nearest. The same
    posts give the same groups in whatever order they come, on every processor.
    """
    n, d = posts.vectors.shape
    order = np.array(sorted(range(n), key=lambda row: posts.keys[row]), np.int64)
    rows = order[posts.is_problem[order]]
    groups = _groups(posts, rows, before, like) if len(rows) else []
    if not groups:
        nothing = np.full(n, -1, np.int32), np.full(n, 2, np.float32), np.ones(n, bool)
        return Clusters(*nothing, np.zeros((0, d), np.float32), np.zeros(0, np.float32), ())
    return _described(posts, groups, order)


def _groups(posts: Posts, rows: Ints, before: Sequence[frozenset[str]], like: float) -> list[Ints]:
    """Return the rows of the posts of each issue."""
    points = _own_words(posts, rows)
    graph, _ = neighbour_graph(points)
    start = _kept(points, [posts.keys[row] for row in rows], before, like - STAYS)
    label = group_average(points, graph, like, start=start, held_apart=STAYS)
    order = np.argsort(label, kind="stable")
    edges = np.flatnonzero(np.diff(label[order])) + 1
    found = np.split(rows[order], edges)
    return [group for group in found if _is_issue(posts, group)]


def _is_issue(posts: Posts, group: Ints) -> bool:
    return len({person for row in group for person in posts.people[row]}) >= MIN_PEOPLE


def _own_words(posts: Posts, rows: Ints) -> Floats:
    """Return the vectors less what all posts of a site have in common, with length 1."""
    vectors = posts.vectors[rows]
    sources = [posts.sources[row] for row in rows]
    if len(set(sources)) > 1:
        groups = min(max(2, len(rows) // SCALE), MOST_GROUPS)
        first = partition(vectors, groups, max_starts=2, minibatch_starts=1)
        vectors = remove_source_effect(vectors, sources, first)
    return unit(vectors)


def _kept(points: Floats, keys: list[str], before: Sequence[frozenset[str]], least: float) -> Ints:
    """Return the group in which each point begins, -1 for none: the issues of before that hold."""
    place = {key: number for number, key in enumerate(keys)}
    start = np.full(len(points), -1, np.int64)
    for number, members in enumerate(sorted(before, key=lambda group: min(group, default=""))):
        rows = np.array(sorted(place[key] for key in members if key in place), np.int64)
        rows = rows[start[rows] < 0]
        if len(rows) > 1 and _mean_within(points[rows]) >= least:
            start[rows] = number
    return start


def _mean_within(points: Floats) -> float:
    """Return the mean cosine of all pairs of rows of length 1."""
    n = len(points)
    whole = float((points.astype(np.float64).sum(0) ** 2).sum())
    return round((whole - n) / (n * (n - 1)), 9)


def _described(posts: Posts, groups: list[Ints], order: Ints) -> Clusters:
    """Return the groups with their centres, and the other posts beside them."""
    n, vectors = len(posts.keys), posts.vectors
    groups = sorted(groups, key=lambda group: (-len(group), posts.keys[group[0]]))
    centroids = unit(np.stack([vectors[group].astype(np.float64).sum(0) for group in groups]))
    member_of = np.full(n, -1, np.int64)
    for number, group in enumerate(groups):
        member_of[group] = number
    nearest, next_cosine = _nearest(vectors, centroids, member_of)
    is_member = member_of >= 0
    cluster_id = np.where(is_member, member_of, nearest)
    distance = own_distance(vectors, centroids, cluster_id)
    reach = np.array([np.quantile(distance[group], JOIN_QUANTILE) for group in groups])
    joins = ~is_member & ~posts.is_problem & posts.may_join & (distance <= reach[cluster_id])
    central = []
    for number in range(len(groups)):
        mine = order[cluster_id[order] == number]
        own, others = mine[is_member[mine]], mine[joins[mine]]
        central.append(np.concatenate([_by(distance, own), _by(distance, others)]))
    return Clusters(
        cluster_id.astype(np.int32),
        distance.astype(np.float32),
        ~(is_member | joins),
        centroids,
        _confidence(distance, next_cosine, groups),
        tuple(central),
    )


def _nearest(vectors: Floats, centroids: Floats, own: Ints) -> tuple[Ints, Floats]:
    """Return of each vector the nearest centroid besides its own (-1 for none), and its cosine.

    Both are brought to the grid first, so that the order of adding does not matter.
    """
    centres = on_grid(centroids).T
    nearest = np.zeros(len(vectors), np.int64)
    cosine = np.full(len(vectors), -1, np.float32)
    for rows in np.array_split(np.arange(len(vectors)), len(vectors) * len(centroids) // BLOCK + 1):
        score = on_grid(vectors[rows]) @ centres
        has = own[rows] >= 0
        score[has, own[rows][has]] = -2
        nearest[rows] = score.argmax(1)
        cosine[rows] = score.max(1, initial=-2)
    return nearest, cosine


def _by(distance: NDArray[np.float64], rows: Ints) -> Ints:
    return rows[np.argsort(distance[rows], kind="stable")]


def _confidence(distance: NDArray[np.float64], next_cosine: Floats, groups: list[Ints]) -> Floats:
    """Return each group's mean silhouette by centroids, (k,): 1 - own / next nearest distance."""
    if len(groups) == 1:
        return np.ones(1, np.float32)
    further = np.maximum(1 - next_cosine.astype(np.float64), 1e-9)
    value = np.clip(1 - distance / further, 0, 1)
    return np.array([value[group].mean() for group in groups], np.float32)
