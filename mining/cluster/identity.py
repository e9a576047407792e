"""The same problem keeps its identity from day to day.

Clusters are made anew for each day, so their numbers mean nothing the next day. Here each cluster
of a day is matched with the issues of the days before, by the posts they share and by how near
their centres are, one to one and best matches first overall. What was one and became two is a
split, what was two and became one a merge; both are recorded and rename nothing else.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from assay.mining.threads import single_threaded

IDENTITY_VERSION = "2"  # raise it when the rules change: days are then matched again
# In a trial on five labelled days 0.85 kept 94 to 97% of matches on one theme, 0.70 only 81 to 91%.
NEAR = 0.85
# Shared posts prove more than nearness; still, the centres must not be strangers.
NEAR_WITH_SHARED = 0.6
# Of the smaller side's posts that both days could have had.
SHARED = 0.5
# The part of an issue that makes a split or a merge, not a few posts that changed places.
PART = 0.3


@dataclass(frozen=True)
class Group:
    """A cluster of one day, or an issue as it was last seen.

    key: cluster number or issue id. members: url_hash of its posts without outliers. centroid: (d,)
    float32, L2-normalised. medoid: url_hash of the most central post.
    """

    key: str
    members: frozenset[str]
    centroid: NDArray[np.float32]
    medoid: str


@dataclass(frozen=True)
class Relation:
    """Where an issue came from besides itself: kind is split or merge."""

    from_issue: str
    to_issue: str
    kind: str


@dataclass
class Identity:
    """issues: issue id by cluster key. relations: splits and merges, in stable order."""

    issues: dict[str, str] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)


@single_threaded
def identify(
    today: Sequence[Group],
    before: Sequence[Group],
    common: frozenset[str],
    on: date,
    ended: frozenset[str] = frozenset(),
) -> Identity:
    """Give each cluster of a day its issue id.

    before: the issues as last seen on earlier days. common: posts that both that day and this one
    could hold; with windows of one day there are none, and centres alone decide. ended: keys of
    those issues that were not seen on the day before this one; they can come back, but what became
    of them was recorded when they ended, so they are no merge again.
    A cluster that continues nothing founds an issue, named after the day and its medoid: clustering
    the same day again from the same posts gives the same id.
    """
    today = sorted(today, key=lambda group: group.key)
    before = sorted(before, key=lambda group: group.key)
    cosines, shared = _likeness(today, before, common)
    matched = _one_to_one(cosines, shared)
    found = Identity()
    for row, group in enumerate(today):
        column = matched.get(row)
        found.issues[group.key] = _founded(group, on) if column is None else before[column].key
    splits = _splits(today, before, (cosines, shared), matched)
    merges = _merges(today, before, (cosines, shared), matched, ended)
    found.relations = sorted(
        (
            Relation(from_issue, found.issues[key], kind)
            for kind, pairs in (("split", splits), ("merge", merges))
            for from_issue, key in pairs
        ),
        key=lambda relation: (relation.kind, relation.from_issue, relation.to_issue),
    )
    return found


def _likeness(
    today: Sequence[Group], before: Sequence[Group], common: frozenset[str]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return cosines of centres and shares of common posts, both (today, before)."""
    if not today or not before:
        empty = np.zeros((len(today), len(before)), np.float32)
        return empty, empty
    cosines = np.stack([g.centroid for g in today]) @ np.stack([g.centroid for g in before]).T
    shared = np.zeros_like(cosines)
    of_today = {member: row for row, group in enumerate(today) for member in group.members}
    now = [len(group.members & common) for group in today]
    for column, issue in enumerate(before):
        then = issue.members & common
        for member in then:
            if member in of_today:
                shared[of_today[member], column] += 1
        for row in np.flatnonzero(shared[:, column]):
            shared[row, column] /= max(1, min(len(then), now[row]))
    return cosines, shared


def _one_to_one(cosines: NDArray[np.float32], shared: NDArray[np.float32]) -> dict[int, int]:
    """Return the issue of each cluster that continues one: the best sum of all matches."""
    allowed = (cosines >= NEAR) | ((shared >= SHARED) & (cosines >= NEAR_WITH_SHARED))
    if not allowed.any():
        return {}
    # Shared posts come first, then nearness; rounded, so that noise of the last bits decides
    # nothing, and equal scores go by the stable order of the keys.
    score = np.where(allowed, np.round(2 * shared + cosines, 4), 0.0)
    rows, columns = linear_sum_assignment(score, maximize=True)
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if allowed[row, column]
    }


Likeness = tuple[NDArray[np.float32], NDArray[np.float32]]


def _splits(
    today: Sequence[Group], before: Sequence[Group], likeness: Likeness, matched: dict[int, int]
) -> list[tuple[str, str]]:
    """Return (issue, cluster) of new clusters that are a part of an issue which also goes on."""
    if not before:
        return []
    cosines, shared = likeness
    going_on = set(matched.values())
    found = []
    for row, group in enumerate(today):
        column = None if row in matched else _nearest(cosines[row], shared[row])
        if column in going_on:
            found.append((before[column].key, group.key))
    return found


def _merges(
    today: Sequence[Group],
    before: Sequence[Group],
    likeness: Likeness,
    matched: dict[int, int],
    ended: frozenset[str],
) -> list[tuple[str, str]]:
    """Return (issue, cluster) of issues that end as a part of a cluster which continues another."""
    if not today:
        return []
    cosines, shared = likeness
    going_on = set(matched.values())
    found = []
    for column, issue in enumerate(before):
        if column in going_on or issue.key in ended:
            continue
        row = _nearest(cosines[:, column], shared[:, column])
        if row in matched:
            found.append((issue.key, today[row].key))
    return found


def _nearest(cosines: NDArray[np.float32], shared: NDArray[np.float32]) -> int | None:
    """Return the place of what a group is a part of, None when it is a part of nothing."""
    part = (shared >= PART) | (cosines >= NEAR)
    if not part.any():
        return None
    return int(np.where(part, np.round(2 * shared + cosines, 4), -1.0).argmax())


def _founded(group: Group, on: date) -> str:
    """Name a new issue: 16 hex digits of the day and the medoid that it began with."""
    return hashlib.sha256(f"{on.isoformat()}:{group.medoid}".encode()).hexdigest()[:16]
