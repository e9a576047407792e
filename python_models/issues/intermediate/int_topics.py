"""One row per topic and day: its posts in order, its centre, how sure it is and a name.

Topics are few and broad, issues (int_clusters) few posts about one problem. Both are made of the
same posts, day by day, and of a day that has not changed neither is made again.
"""

import numpy as np
import pyarrow as pa

from assay.dbt.days import MEMBER, day_fingerprint, days_to_make, members_of, posts_of
from assay.mining.cluster.cluster import CLUSTERING_VERSION
from assay.mining.cluster.problems_first import CORE_VERSION, cluster_problems
from assay.mining.cluster.topic_names import name_topics
from assay.mining.label.problem import DOUBTFUL

SCHEMA = pa.schema(
    [
        pa.field("cluster_date", pa.date32()),
        pa.field("topic_id", pa.int32()),
        pa.field("day_fingerprint", pa.string()),
        pa.field("name", pa.string()),
        pa.field("confidence", pa.float32()),
        pa.field("centroid", pa.list_(pa.float32())),
        pa.field("members", pa.list_(MEMBER)),
    ]
)

COLUMNS = ("url_hash", "content", "source", "place", "is_problem", "problem_score")


def model(dbt, session):
    """Return the days that are new or changed, whole."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    method, window = dbt.config.get("cluster_method"), int(dbt.config.get("cluster_window_days"))
    method = "kmeans" if method == "reports" else method
    rules = f"{method}-{CLUSTERING_VERSION}.{CORE_VERSION}"
    inputs = dbt.ref("int_clusters__inputs")
    known = {}
    if dbt.is_incremental:
        known = dict(
            session.sql(f"select distinct cluster_date, day_fingerprint from {dbt.this}").fetchall()  # noqa: S608
        )
    rows = []
    for day in days_to_make(dbt.config.get("cluster_start"), dbt.config.get("cluster_date")):
        fingerprint = day_fingerprint(inputs, day, window, rules)
        if fingerprint and known.get(day) != fingerprint:
            posts, vectors = posts_of(inputs, day, window, COLUMNS)
            rows += _topics(posts, vectors, day, fingerprint, method)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _topics(posts: pa.Table, vectors: np.ndarray, day, fingerprint: str, method: str) -> list[dict]:
    keys, texts = posts["url_hash"], posts["content"]
    found = cluster_problems(
        vectors,
        texts,
        np.array(posts["is_problem"], bool),
        np.array(posts["problem_score"], np.float32) >= DOUBTFUL,
        method=method,
        places=posts["place"],
        sources=posts["source"],
        keys=keys,
    )
    return [
        {
            "cluster_date": day,
            "topic_id": number,
            "day_fingerprint": fingerprint,
            "name": name,
            "confidence": float(found.confidence[number]),
            "centroid": found.centroids[number].tolist(),
            "members": members_of(found, number, keys),
        }
        for number, name in enumerate(name_topics(texts, found.central))
    ]
