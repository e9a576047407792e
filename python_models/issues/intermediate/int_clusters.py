"""One row per cluster and day: its members in order, its centre and how sure it is.

A day is clustered from the posts of the days up to it (cluster_window_days) and is one unit: it is
made again, whole, when one of those posts or a setting has changed, and not otherwise.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from assay.dbt.relations import has_any
from assay.mining.cluster.cluster import CLUSTERING_VERSION
from assay.mining.cluster.problems_first import CORE_VERSION, cluster_problems
from assay.mining.label.problem import DOUBTFUL

MEMBER = pa.struct(
    [
        pa.field("url_hash", pa.string()),
        pa.field("position", pa.int32()),
        pa.field("distance", pa.float32()),
        pa.field("is_outlier", pa.bool_()),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("cluster_date", pa.date32()),
        pa.field("cluster_id", pa.int32()),
        pa.field("day_fingerprint", pa.string()),
        pa.field("fingerprint", pa.string()),
        pa.field("confidence", pa.float32()),
        pa.field("centroid", pa.list_(pa.float32())),
        pa.field("members", pa.list_(MEMBER)),
    ]
)


def model(dbt, session):
    """Return the days that are new or changed, whole."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    method, window = dbt.config.get("cluster_method"), int(dbt.config.get("cluster_window_days"))
    inputs = dbt.ref("int_clusters__inputs")
    known = {}
    if dbt.is_incremental:
        known = dict(
            session.sql(f"select distinct cluster_date, day_fingerprint from {dbt.this}").fetchall()  # noqa: S608
        )
    rows = []
    for day in _days(dbt.config.get("cluster_start"), dbt.config.get("cluster_date")):
        window_days = [day - timedelta(days=number) for number in range(window)]
        in_window = has_any("written_on", window_days)
        posts = inputs.filter(in_window).order("url_hash").to_arrow_table()
        fingerprint = _digest(
            [
                CLUSTERING_VERSION,
                CORE_VERSION,
                method,
                *posts["url_hash"].to_pylist(),
                *posts["text_hash"].to_pylist(),
                *posts["source"].to_pylist(),
                *posts["place"].to_pylist(),
                str(posts["problem_score"].to_pylist()),
                _bits(posts["embedding"]),
            ]
        )
        if posts.num_rows and known.get(day) != fingerprint:
            rows += _clustered(posts, day, fingerprint, method)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _days(first: str, last: str) -> list[date]:
    """Return the days to cluster; today (UTC) where none is named."""
    end = date.fromisoformat(last) if last else datetime.now(UTC).date()
    start = date.fromisoformat(first) if first else end
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def _clustered(posts: pa.Table, day: date, fingerprint: str, method: str) -> list[dict]:
    keys, hashes = posts["url_hash"].to_pylist(), posts["text_hash"].to_pylist()
    vectors = _matrix(posts["embedding"])
    found = cluster_problems(
        vectors,
        posts["content"].to_pylist(),
        posts["is_problem"].to_numpy(zero_copy_only=False),
        posts["problem_score"].to_numpy() >= DOUBTFUL,
        method=method,
        places=posts["place"].to_pylist(),
        sources=posts["source"].to_pylist(),
        keys=keys,
    )
    rows = []
    for number, central in enumerate(found.central):
        inside = [int(row) for row in central]
        outside = np.flatnonzero((found.cluster_id == number) & found.is_outlier)
        outside = sorted((int(row) for row in outside), key=lambda row: found.distance[row])
        members = [
            {
                "url_hash": keys[row],
                "position": position,
                "distance": float(found.distance[row]),
                "is_outlier": bool(found.is_outlier[row]),
            }
            for position, row in enumerate([*inside, *outside])
        ]
        rows.append(
            {
                "cluster_date": day,
                "cluster_id": number,
                "day_fingerprint": fingerprint,
                "fingerprint": _digest(sorted(f"{keys[row]} {hashes[row]}" for row in inside)),
                "confidence": float(found.confidence[number]),
                "centroid": found.centroids[number].tolist(),
                "members": members,
            }
        )
    return rows


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    """Return the vectors as one matrix, (rows, dimension) float32."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(flat, dtype=np.float32).reshape(len(column), -1)


def _bits(column: pa.ChunkedArray) -> str:
    return hashlib.md5(_matrix(column).tobytes()).hexdigest() if len(column) else ""  # noqa: S324


def _digest(parts: list[str]) -> str:
    return hashlib.md5("\n".join(parts).encode()).hexdigest()  # noqa: S324 - no secret
