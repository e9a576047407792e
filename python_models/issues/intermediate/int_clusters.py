"""One row per cluster and day: its members in order, its centre and how sure it is.

A day is made from the posts of the days up to it (cluster_window_days) and is one unit: it is made
again, whole, when one of those posts, a setting, or the day before it has changed, and not
otherwise. Its clusters begin as those of the day before (mining/cluster/reports.py); methods other
than `reports` know no day before.
"""

from datetime import date

import numpy as np
import pyarrow as pa

from assay.dbt.days import (
    MEMBER,
    day_fingerprint,
    days_to_make,
    digest,
    is_history,
    members_of,
    posts_of,
)
from assay.dbt.relations import is_value
from assay.mining.cluster.cluster import CLUSTERING_VERSION, Clusters
from assay.mining.cluster.problems_first import CORE_VERSION, cluster_problems
from assay.mining.cluster.reports import REPORTS_VERSION, Posts, group_reports
from assay.mining.label.problem import DOUBTFUL

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
COLUMNS = ("url_hash", "text_hash", "source", "people", "is_problem", "problem_score")
OF_TOPICS = ("content", "place")  # what methods other than `reports` look at besides
OLDER_RULES = f"{CLUSTERING_VERSION}.{CORE_VERSION}"
NO_CLUSTER = -1
"""The one row of a day without clusters, so that the day is known to be made."""


def model(dbt, session):
    """Return the days that are new or changed, whole."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    method, window = dbt.config.get("cluster_method"), int(dbt.config.get("cluster_window_days"))
    inputs = dbt.ref("int_clusters__inputs")
    days = days_to_make(dbt.config.get("cluster_start"), dbt.config.get("cluster_date"))
    known, before, fingerprint = {}, [], ""
    if dbt.is_incremental:
        known = dict(
            session.sql(f"select distinct cluster_date, day_fingerprint from {dbt.this}").fetchall()  # noqa: S608
        )
    if method == "reports":
        fingerprint, before = _day_before(dbt, session, known, days[0])
    rules = f"{method}-{REPORTS_VERSION if method == 'reports' else OLDER_RULES}"
    rows = []
    for day in days:
        earlier = fingerprint if method == "reports" else ""
        of_day = day_fingerprint(inputs, day, window, rules, earlier)
        if not of_day:
            continue
        fingerprint = of_day
        if is_history(known.get(day), rules, day):
            fingerprint = known[day]
        if known.get(day) == fingerprint:
            if method == "reports":
                before = _members(dbt, session, day)
            continue
        columns = COLUMNS if method == "reports" else [*COLUMNS, *OF_TOPICS]
        posts, vectors = posts_of(inputs, day, window, columns)
        found = _clustered(posts, vectors, method, before)
        rows += _rows(found, posts, day, fingerprint)
        before = [frozenset(posts["url_hash"][row] for row in central) for central in found.central]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _day_before(dbt, session, known: dict, first: date) -> tuple[str, list[frozenset[str]]]:
    """Return the fingerprint and the clusters of the last day that was made before the first."""
    earlier = [day for day in known if day < first]
    if not earlier:
        return "", []
    return known[max(earlier)], _members(dbt, session, max(earlier))


def _members(dbt, session, day: date) -> list[frozenset[str]]:
    made = session.sql(f"select cluster_date, members from {dbt.this}")  # noqa: S608
    rows = made.filter(is_value("cluster_date", day)).project("members").fetchall()
    evidence = (
        frozenset(member["url_hash"] for member in members if not member["is_outlier"])
        for (members,) in rows
    )
    return [members for members in evidence if members]


def _clustered(
    posts: dict[str, list], vectors: np.ndarray, method: str, before: list[frozenset[str]]
) -> Clusters:
    keys, sources = posts["url_hash"], posts["source"]
    is_problem = np.array(posts["is_problem"], bool)
    may_join = np.array(posts["problem_score"], np.float32) >= DOUBTFUL
    if method == "reports":
        evidence = Posts(keys, vectors, sources, posts["people"], is_problem, may_join)
        return group_reports(evidence, before)
    return cluster_problems(
        vectors,
        posts["content"],
        is_problem,
        may_join,
        method=method,
        places=posts["place"],
        sources=sources,
        keys=keys,
    )


def _rows(found: Clusters, posts: dict[str, list], day: date, fingerprint: str) -> list[dict]:
    keys, hashes = posts["url_hash"], posts["text_hash"]
    rows = [
        {
            "cluster_date": day,
            "cluster_id": number,
            "day_fingerprint": fingerprint,
            "fingerprint": digest(sorted(f"{keys[row]} {hashes[row]}" for row in central)),
            "confidence": float(found.confidence[number]),
            "centroid": found.centroids[number].tolist(),
            "members": members_of(found, number, keys),
        }
        for number, central in enumerate(found.central)
    ]
    empty = {"cluster_date": day, "cluster_id": NO_CLUSTER, "day_fingerprint": fingerprint}
    nothing = {"fingerprint": "", "confidence": 0.0, "centroid": [], "members": []}
    return rows or [empty | nothing]
