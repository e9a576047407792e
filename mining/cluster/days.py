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


def posts_of(inputs, day: date, window: int) -> pa.Table:
    """Return the posts of int_clusters__inputs that a day is made of, in the order of url_hash."""
    in_window = has_any("written_on", [day - timedelta(days=number) for number in range(window)])
    return inputs.filter(in_window).order("url_hash").to_arrow_table()


def day_fingerprint(posts: pa.Table, *rules: str) -> str:
    """Return the md5 of what a day's groups are made of: rules, texts, places, people, vectors."""
    columns = ("url_hash", "text_hash", "source", "place", "person")
    values = [value for name in columns for value in posts[name].to_pylist()]
    score = str(posts["problem_score"].to_pylist())
    is_problem = str(posts["is_problem"].to_pylist())
    return digest([*rules, *values, score, is_problem, _bits(posts["embedding"])])


def matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Return the vectors as one matrix, (rows, dimension) float32."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat, dtype=np.float32).reshape(len(column), -1)


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


def _bits(column: pa.ChunkedArray) -> str:
    return hashlib.md5(matrix(column).tobytes()).hexdigest() if len(column) else ""  # noqa: S324
