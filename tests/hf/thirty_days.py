"""Thirty days of a made-up Hub, and what the catalog must hold of them by a count in plain Python.

Repositories are renamed, vanish, come back and take over names; listings are cut at a limit, and
who fell out of them is asked for by name; task pages go; days have no run, two runs, counters that
all say 0, or half a listing.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from assay.extract.hub.bronze import FOLLOWED_FILE
from assay.extract.hub.catalog import TaskListing
from assay.extract.hub.listings import FOLLOWED
from assay.extract.hub.reading import mark
from assay.extract.landing.run_folder import RunFolder

FIRST = datetime(2026, 10, 1, 6, tzinfo=UTC)
LIMIT = 25
TASKS = ("fill-mask", "summarization", "translation")
ZERO_DAY, HALF_DAY = 11, 23
NO_RUN = {5, 6, 17}
ONE_TASK_DAY = 14  # when the other tasks' listings stay what they were, so nobody is followed
# hub id: the names it has from which day on
NAMES = {
    3: {0: "oldhouse/heron-7b", 8: "newhouse/heron-7b"},
    5: {0: "Someone/Small", 13: "someone/small"},
    7: {0: "first/name", 4: "second/name", 15: "third/name", 26: "second/name"},
    9: {0: "freed/name", 10: "kept/name"},
    11: {0: "other/thing", 16: "freed/name"},
}


@dataclass(frozen=True)
class Seen:
    """A repository as a listing shows it."""

    hub_id: str
    name: str
    downloads: int
    likes: int


@dataclass
class Run:
    """One run: when it read the Hub, which task pages there were, and what it listed."""

    at: datetime
    available: list[str]
    listings: dict[str, list[Seen]] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)  # tasks that must be kept apart
    withdrawn: tuple[str, ...] = ()  # hub ids of what is private now
    gone: tuple[tuple[str, str], ...] = ()  # hub ids and names of what is gone for good
    followed: tuple[Seen, ...] = ()  # asked for by name, and there
    absent: tuple[str, ...] = ()  # asked for by name, and not there

    @property
    def shown(self) -> list[Seen]:
        """Who is there, by listings and by name."""
        return [one for listed in self.listings.values() for one in listed] + list(self.followed)


def history(seed: int = 7) -> list[Run]:
    """Return the runs of thirty days, oldest first."""
    numbers = random.Random(seed)
    level = {hub: numbers.randrange(1_000, 90_000) for hub in range(40)}
    tasks = {hub: numbers.sample(TASKS, numbers.choice((1, 2, 3))) for hub in level}
    away = {hub: numbers.randrange(4, 28) for hub in numbers.sample(range(12, 40), 8)}
    runs = []
    known: dict[int, str] = {}
    for day in range(30):
        hours = (0, 12) if day == 9 else () if day in NO_RUN else (0,)
        for hour in hours:
            level = {hub: max(1, one + numbers.randrange(-900, 900)) for hub, one in level.items()}
            available = [
                task
                for task in TASKS
                if not (task == "translation" and day >= 20)
                and not (task == "summarization" and 12 <= day <= 14)
            ]
            run = Run(FIRST + timedelta(days=day, hours=hour), available)
            for task in ["fill-mask"] if day == ONE_TASK_DAY else available:
                run.listings[task] = _listing(task, day, level, tasks, away)
            if day == ZERO_DAY:
                run.apart = set(run.listings)
                run.listings = {
                    task: [Seen(one.hub_id, one.name, 0, 0) for one in listed]
                    for task, listed in run.listings.items()
                }
            if day == HALF_DAY:
                run.apart = {"fill-mask"}
                run.listings["fill-mask"] = run.listings["fill-mask"][:10]
            if day != ONE_TASK_DAY:
                _follow(run, day, known, level, away)
            known |= {int(one.hub_id, 16): one.name for one in run.shown}
            runs.append(run)
    return runs


def _follow(
    run: Run, day: int, known: dict[int, str], level: dict[int, int], away: dict[int, int]
) -> None:
    """Let a run ask by name for whom it does not list and an earlier one did."""
    listed = {one.hub_id for one in run.shown}
    asked = [hub for hub in known if f"{hub:024x}" not in listed]
    there = [hub for hub in asked if not _is_away(hub, day, away)]
    count = 0 if day == ZERO_DAY else 1
    run.followed = tuple(
        Seen(f"{hub:024x}", _name(hub, day), count * level[hub], count * (level[hub] // 100))
        for hub in there
    )
    run.absent = tuple(known[hub] for hub in asked if hub not in there)
    if day == ZERO_DAY:
        run.apart = run.apart | {FOLLOWED}


def _is_away(hub: int, day: int, away: dict[int, int]) -> bool:
    return away.get(hub, 99) <= day < away.get(hub, 99) + 6


def _listing(
    task: str, day: int, level: dict[int, int], tasks: dict[int, list[str]], away: dict[int, int]
) -> list[Seen]:
    shown = [
        Seen(f"{hub:024x}", _name(hub, day), count, count // 100)
        for hub, count in level.items()
        if task in tasks[hub] and not _is_away(hub, day, away)
    ]
    return sorted(shown, key=lambda one: (-one.downloads, one.name))[:LIMIT]


def _name(hub: int, day: int) -> str:
    names = NAMES.get(hub, {0: f"owner/model-{hub:02}"})
    return names[max(first for first in names if first <= day)]


def run_folder(parent: Path, run: Run) -> RunFolder:
    """Write a run as the pipeline would have."""
    folder = RunFolder.create(parent, {"limit_per_task": LIMIT})
    folder.manifest["started_at"] = run.at.isoformat()
    with folder.records("hf_tasks.json") as out:
        for task in run.listings:
            out.write(orjson.dumps({"id": task, "label": f"{task} {run.at.day}"}))
    with folder.records("hf_models.json") as out:
        for task, listed in run.listings.items():
            for one in listed:
                out.write(orjson.dumps(_record(one, task, out.count)))
    if run.withdrawn or run.gone:
        with folder.records("hf_withdrawn.json") as out:
            for hub_id in run.withdrawn:
                out.write(orjson.dumps({"_id": hub_id, "digest": "none", "reason": "private"}))
            for hub_id, name in run.gone:
                out.write(orjson.dumps(mark(name, hub_id, "not_found") | {"_by": FOLLOWED}))
    if run.followed or run.absent:
        _write_followed(folder, run)
    folder.manifest["tasks_available"] = run.available
    folder.manifest["listings"] = [
        TaskListing(task, LIMIT, models=len(listed), pages=1, readings=1).as_record()
        for task, listed in run.listings.items()
    ]
    if asked := len(run.followed) + len(run.absent):
        followed = TaskListing(FOLLOWED, asked, models=len(run.followed), kind=FOLLOWED)
        folder.manifest["listings"].append(followed.as_record())
    folder.finish("extracted")
    return folder


def _record(one: Seen, task: str, seq: int) -> dict[str, Any]:
    return {
        "_id": one.hub_id,
        "id": one.name,
        "downloads": one.downloads,
        "likes": one.likes,
        "tags": [task, "license:mit"],
        "_task_id": task,
        "_seq": seq,
    }


def _write_followed(folder: RunFolder, run: Run) -> None:
    with folder.records(FOLLOWED_FILE) as out:
        for one in run.followed:
            out.write(orjson.dumps(_record(one, FOLLOWED, out.count)))
        for name in run.absent:
            left = {"id": name, "_task_id": FOLLOWED, "_seq": out.count}
            out.write(orjson.dumps(left | {"_left": True, "_reason": "not_found"}))


def counted(runs: list[Run]) -> dict[str, set[tuple[Any, ...]]]:
    """Return what each table must hold after all runs, by no SQL and no code of the project."""
    runs = sorted(runs, key=lambda run: run.at)
    now, renames = _names(runs)
    accepted = [
        (run.at, task, listed)
        for run in runs
        for task, listed in run.listings.items()
        if task not in run.apart
    ]
    pages = _tasks(runs)
    last = {task: (at, listed) for at, task, listed in accepted if pages[task][2]}
    ranks, since = _ranks(accepted, now)
    present = {
        (now[one.hub_id], task, place, since[now[one.hub_id], task], at)
        for task, (at, listed) in last.items()
        for place, one in enumerate(listed, start=1)
    }
    stats, models = {}, {}
    by_name = [(run.at, FOLLOWED, run.followed) for run in runs if FOLLOWED not in run.apart]
    for at, _, listed in sorted([*accepted, *by_name], key=lambda one: one[0]):
        for one in listed:
            name = now[one.hub_id]
            stats[name, at.date()] = (one.likes, one.downloads, at)
            first = models.get(name, (None, None, None, at))[3]
            models[name] = (one.hub_id, one.likes, one.downloads, first, at)
    current = {name for name, *_ in present}
    standing = _standing(runs, current, {name: row[4] for name, row in models.items()}, now)
    return {
        "tasks": {(task, *values) for task, values in pages.items()},
        "models": {(name, *row, name in current, *standing[name]) for name, row in models.items()},
        "model_tasks": present,
        "model_stats_daily": {(*key, *row) for key, row in stats.items()},
        "model_rank_daily": ranks,
        "model_renames": renames,
    }


def _standing(
    runs: list[Run], current: set[str], seen: dict[str, datetime], now: dict[str, str]
) -> dict[str, tuple[str, datetime | None]]:
    """Return presence and gone_at of each model."""
    believed = [run for run in runs if FOLLOWED not in run.apart]
    gone = {name: run.at for run in believed for name in run.absent if run.at > seen[name]}
    followed = {(now[one.hub_id], run.at) for run in believed for one in run.followed}
    found: dict[str, tuple[str, datetime | None]] = {}
    for name, at in seen.items():
        if name in current:
            found[name] = ("listed", gone.get(name))
        elif name in gone:
            found[name] = ("gone", gone[name])
        else:
            found[name] = ("fallen_out" if (name, at) in followed else "unknown", None)
    return found


def _names(runs: list[Run]) -> tuple[dict[str, str], set[tuple[Any, ...]]]:
    """Return what each repository is called now, and the rows of its former names."""
    seen: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    now = {}
    for run in runs:
        for one in run.shown:
            seen[one.hub_id, one.name].append(run.at)
            now[one.hub_id] = one.name
    renames = {
        (name, now[hub], hub, any(now[other] == name for other in now), min(times), max(times))
        for (hub, name), times in seen.items()
        if name != now[hub]
    }
    return now, renames


def _tasks(runs: list[Run]) -> dict[str, tuple[Any, ...]]:
    found = {}
    for task in TASKS:
        read = [run.at for run in runs if task in run.listings]
        there = [run.at for run in runs if task in run.available]
        label = f"{task} {max(read).day}"
        found[task] = (label, min(read), task in runs[-1].available, max(read + there))
    return found


def _ranks(
    accepted: list[tuple[datetime, str, list[Seen]]], now: dict[str, str]
) -> tuple[set[tuple[Any, ...]], dict[tuple[str, str], datetime]]:
    """Return who ranked where on each day, and since when a task lists a model."""
    of_day: dict[Any, list[tuple[datetime, list[Seen]]]] = defaultdict(list)
    for at, task, listed in accepted:
        of_day[task, at.date()].append((at, listed))
    ranks, since = set(), {}
    for (task, day), listings in sorted(of_day.items()):
        at, last = listings[-1]
        for place, one in enumerate(last, start=1):
            name = now[one.hub_id]
            first = min(
                moment
                for moment, listed in listings
                if any(other.hub_id == one.hub_id for other in listed)
            )
            ranks.add((name, task, day, place, at, first))
            since.setdefault((name, task), first)
    return ranks, since


# What is compared, in the order of `counted`.
COLUMNS = {
    "tasks": "task_id, task_label, created_at, is_current, last_seen_at",
    "models": (
        "model_id, hub_id, likes, downloads, created_at, last_synced_at, is_current, presence, "
        "gone_at"
    ),
    "model_tasks": "model_id, task_id, rank_in_task, created_at, last_seen_at",
    "model_stats_daily": "model_id, observed_on, likes, downloads, observed_at",
    "model_rank_daily": (
        "model_id, task_id, observed_on, rank_in_task, observed_at, first_observed_at"
    ),
    "model_renames": "old_id, model_id, hub_id, is_reused, first_seen_at, last_seen_at",
}


def tables(rows: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, set[tuple[Any, ...]]]:
    """Return what the catalog holds, by the name of `counted`; no row may be there twice."""
    found = {}
    for table, columns in COLUMNS.items():
        listed = rows(f"select {columns} from hf.{table}")
        found[table] = set(listed)
        assert len(found[table]) == len(listed), table
    return found
