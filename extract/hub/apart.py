"""Which listings are kept apart: those whose numbers fall out of what came before.

The Hub has answered 0 for every counter of a day, and a listing with half of its models. Such a
listing is loaded with the reason beside it and read by nothing until a person accepts it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import dlt
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from assay.extract.hub.listings import FOLLOWED
from assay.extract.landing import bronze

# Fewer models than this come and go by themselves, and fewer downloads or likes move by more.
LEAST_MODELS, LEAST_COUNTED = 20, 1_000
# What is left of the models or of a counter from one listing to the next, at the least.
LEAST_SHARE_OF_MODELS, LEAST_SHARE_COUNTED = 0.5, 0.1
_EARLIER_SQL = """
    select task_id, run_id, models, limit_per_task, downloads, likes, observed_at
    from {table}
    where apart is null
    order by observed_at, run_id
"""


@dataclass(frozen=True)
class Totals:
    """What one listing came to: its models, how many were asked for, and the sums of counters,
    None where the Hub said none."""

    models: int
    limit: int
    downloads: int | None
    likes: int | None


@dataclass(frozen=True)
class Earlier:
    """A listing that is loaded and accepted."""

    task_id: str
    run_id: str
    totals: Totals
    observed_at: datetime


def reasons(
    now: Mapping[str, Totals], run_id: str, observed_at: datetime, loaded: list[Earlier]
) -> dict[str, str]:
    """Return why which of a run's listings are kept apart, by task.

    loaded: the accepted listings, oldest first. Each listing is compared with the last one before
    it or, when an older folder is loaded later, with the first one after it. One of this very run
    that was accepted stays accepted.
    """
    known = [one for one in loaded if one.run_id != run_id]
    accepted = {one.task_id for one in loaded if one.run_id == run_id}
    nearest: dict[str, Totals] = {}
    for one in known:
        if one.observed_at <= observed_at or one.task_id not in nearest:
            nearest[one.task_id] = one.totals
    silent = _counts_nothing(now)
    found = {}
    for task, totals in now.items():
        before = nearest.get(task)
        if task == FOLLOWED:
            why = silent or vanished(totals)
        else:
            why = silent or (before and fallen(totals, before))
        if why and task not in accepted:
            found[task] = why
    return found


def fallen(now: Totals, before: Totals) -> str | None:
    """Return in a few words what fell by more than a listing does, None when nothing did."""
    expected = min(before.models, now.limit)
    if expected >= LEAST_MODELS and now.models <= expected * LEAST_SHARE_OF_MODELS:
        return f"{now.models:,} models, {before.models:,} before"
    for name in ("downloads", "likes"):
        was, is_now = getattr(before, name) or 0, getattr(now, name) or 0
        # A listing cut shorter has less of everything.
        comparable = now.models >= before.models * LEAST_SHARE_OF_MODELS
        if comparable and was >= LEAST_COUNTED and is_now < was * LEAST_SHARE_COUNTED:
            return f"{is_now:,} {name}, {was:,} before"
    return None


def vanished(now: Totals) -> str | None:
    """Return in a few words that most models asked for by name are not there, which is more than a
    day does to them; None where it is fewer. now.limit: how many were asked for."""
    gone = now.limit - now.models
    if now.limit >= LEAST_MODELS and gone > now.limit * LEAST_SHARE_OF_MODELS:
        return f"{gone:,} of {now.limit:,} models asked for by name are not there"
    return None


def _counts_nothing(now: Mapping[str, Totals]) -> str | None:
    """Return that a whole run counts no download at all, which no day of the Hub does.

    A mirror that says nothing of downloads is another matter: its counters are unknown.
    """
    models = sum(one.models for one in now.values())
    counted = [one.downloads for one in now.values() if one.downloads is not None]
    if models >= LEAST_MODELS and counted and not any(counted):
        return f"0 downloads of all {models:,} models of the run"
    return None


def loaded(pipeline: dlt.Pipeline, target: str) -> list[Earlier]:
    """Return the accepted listings that bronze holds, oldest first; none in a new database, or in
    one that no version has loaded that counts what it lists."""
    if not pipeline.default_schema_name:
        return []
    columns = pipeline.default_schema.tables.get("hf_task_listings", {}).get("columns", {})
    if "apart" not in columns:
        return []
    with bronze.turn(target), pipeline.sql_client() as client:
        table = client.make_qualified_table_name("hf_task_listings")
        try:
            rows = client.execute_sql(_EARLIER_SQL.format(table=table)) or ()
        except DatabaseUndefinedRelation:
            return []
    return [
        Earlier(task, run, Totals(models, limit, downloads, likes), at)
        for task, run, models, limit, downloads, likes, at in rows
    ]
