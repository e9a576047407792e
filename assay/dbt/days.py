"""What the dbt models of clusters and of topics share: days to make, and posts in and rows out."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from assay.dbt.relations import has_any
from assay.mining.cluster.cluster import Clusters

MEMBER = pa.struct(
    [
        pa.field("url_hash", pa.string()),
        pa.field("position", pa.int32()),
        pa.field("distance", pa.float32()),
        pa.field("is_outlier", pa.bool_()),
    ]
)


def days_to_make(first: str, last: str) -> list[date]:
    """Return the days of a range as YYYY-MM-DD; today (UTC) where no last one is named."""
    end = date.fromisoformat(last) if last else datetime.now(UTC).date()
    start = date.fromisoformat(first) if first else end
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def posts_of(
    inputs, day: date, window: int, columns: Sequence[str]
) -> tuple[dict[str, list], np.ndarray]:
    """Return the posts of int_clusters__inputs that a day is made of, in the order of url_hash.

    columns: which, by name, url_hash among them. Beside them are the vectors, (posts, dimension)
    float32, read by themselves: both are large, and neither is held twice.
    """
    posts = _written_in(inputs, day, window)
    found = posts.project("url_hash, embedding").order("url_hash").to_arrow_table()
    vectors = _matrix(found["embedding"])
    del found
    rows = posts.project(", ".join(columns)).order("url_hash")
    return rows.to_arrow_table().to_pydict(), vectors


def day_fingerprint(inputs, day: date, window: int, rules: str, day_before: str = "") -> str:
    """Return the rules and the md5 of all that a day's groups are made of; "" without posts.

    inputs: int_clusters__inputs, of which no text and no vector is read: a day without news is
    known by its posts' fingerprints. rules: such as reports-1, the method and the version of its
    rules. day_before: the fingerprint of the day before, where groups begin with those of that day.
    """
    prints = "string_agg(url_hash || post_fingerprint, chr(10) order by url_hash)"
    posts = _written_in(inputs, day, window).project("url_hash, post_fingerprint")
    [(of_posts,)] = posts.aggregate(f"md5({prints})").fetchall()
    return f"{rules} {digest([of_posts, day_before])}" if of_posts else ""


def _written_in(inputs, day: date, window: int):
    days = [day - timedelta(days=number) for number in range(window)]
    return inputs.filter(has_any("written_on", days))


def is_history(known: str | None, rules: str, day: date) -> bool:
    """Say whether a day is over and was made by rules of another version.

    known: its fingerprint, as day_fingerprint makes it; one without rules before it is of the first
    versions. Such a day stays as it was made: its issues, their ids and what was paid for their
    labels belong to it. `--full-refresh` makes it anew.
    """
    if not known or day >= datetime.now(UTC).date():
        return False
    made_by = known.rpartition(" ")[0]
    return made_by != rules and made_by.rpartition("-")[0] in ("", rules.rpartition("-")[0])


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    if not len(column):
        return np.zeros((0, 0), np.float32)
    flat = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return np.concatenate(flat, dtype=np.float32).reshape(len(column), -1)


def members_of(found: Clusters, number: int, keys: Sequence[str]) -> list[dict]:
    """Return a cluster's posts in order, the medoid first and outliers last."""
    inside = [int(row) for row in found.central[number]]
    outside = np.flatnonzero((found.cluster_id == number) & found.is_outlier)
    outside = sorted((int(row) for row in outside), key=lambda row: (found.distance[row], row))
    return [
        {
            "url_hash": keys[row],
            "position": position,
            "distance": float(found.distance[row]),
            "is_outlier": bool(found.is_outlier[row]),
        }
        for position, row in enumerate([*inside, *outside])
    ]


def digest(parts: Sequence[str]) -> str:
    """Return the md5 of lines of text."""
    return hashlib.md5("\n".join(map(str, parts)).encode()).hexdigest()  # noqa: S324 - no secret
