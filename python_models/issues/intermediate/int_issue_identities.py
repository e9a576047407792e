"""One row per cluster and day with the issue it is, and what it split from or took in.

Days are matched in order, each with the issues as last seen on the days before it
(issue_memory_days). From the first day whose clusters changed on, they are matched again.
"""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from assay.dbt.relations import is_value
from assay.mining.cluster.identity import IDENTITY_VERSION, Group, identify

RELATION = pa.struct(
    [
        pa.field("from_issue", pa.string()),
        pa.field("to_issue", pa.string()),
        pa.field("kind", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        pa.field("cluster_date", pa.date32()),
        pa.field("cluster_id", pa.int32()),
        pa.field("issue_id", pa.string()),
        pa.field("identity_fingerprint", pa.string()),
        pa.field("relations", pa.list_(RELATION)),
    ]
)


def model(dbt, session):
    """Return the days from the first changed one on."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    clusters = dbt.ref("int_issue_identities__inputs")
    memory = timedelta(days=int(dbt.config.get("issue_memory_days")))
    days = clusters.project("cluster_date, day_fingerprint").distinct().order("cluster_date")
    known: dict[date, str] = {}
    issues: dict[tuple[date, int], str] = {}
    if dbt.is_incremental:
        for day, number, issue, fingerprint in session.sql(
            f"select cluster_date, cluster_id, issue_id, identity_fingerprint from {dbt.this}"  # noqa: S608
        ).fetchall():
            known[day] = fingerprint
            issues[day, number] = issue
    last: dict[str, tuple[date, Group]] = {}
    before: frozenset[str] = frozenset()
    day_before: date | None = None
    rows, changed = [], False
    for day, day_fingerprint in days.fetchall():
        fingerprint = f"{IDENTITY_VERSION} {day_fingerprint}"
        groups = _groups(clusters, day)
        held = frozenset().union(*(group.members for group in groups))
        changed = changed or known.get(day) != fingerprint
        if changed:
            remembered = [
                Group(issue, group.members, group.centroid, group.medoid)
                for issue, (seen, group) in last.items()
                if day - seen <= memory
            ]
            ended = frozenset(issue for issue, (seen, _) in last.items() if seen != day_before)
            found = identify(groups, remembered, held & before, day, ended)
            rows += _rows(day, groups, fingerprint, found)
            of_day = found.issues
        else:
            of_day = {group.key: issues[day, int(group.key)] for group in groups}
        last |= {of_day[group.key]: (day, group) for group in groups}
        before |= held
        day_before = day
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _groups(clusters, day: date) -> list[Group]:
    of_day = clusters.filter(is_value("cluster_date", day))
    rows = of_day.project("cluster_id, centroid, members").order("cluster_id").fetchall()
    return [
        Group(str(number), frozenset(members), np.array(centroid, np.float32), members[0])
        for number, centroid, members in rows
        if members
    ]


def _rows(day: date, groups: list[Group], fingerprint: str, found) -> list[dict]:
    by_issue: dict[str, list[dict]] = {}
    for relation in found.relations:
        by_issue.setdefault(relation.to_issue, []).append(vars(relation))
    return [
        {
            "cluster_date": day,
            "cluster_id": int(group.key),
            "issue_id": found.issues[group.key],
            "identity_fingerprint": fingerprint,
            "relations": by_issue.get(found.issues[group.key], []),
        }
        for group in groups
    ]
