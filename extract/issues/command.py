"""`dlt pipeline issues run`: its options, their check, and what it does."""

import argparse
import logging
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.common.days import day
from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.issues.ask import ask_again, bounds
from assay.extract.landing import running
from assay.extract.landing.run_folder import RunFolder
from assay.extract.pipeline import Pipeline, UsageError
from assay.extract.posts import collect
from assay.extract.posts.api import NotConfiguredError, chosen_sources, open_source
from assay.extract.posts.bronze import collected_days, due_again, make_tables, unfinished_since
from assay.extract.posts.post import Source
from assay.extract.posts.windows import days

log = logging.getLogger(__name__)

MAX_DAYS = 3660
CATCH_UP_DAYS = 7
*_FIRST, _LAST = (source.label for source in POST_SOURCES.values())
LABELS = f"{', '.join(_FIRST)} and {_LAST}"


_OPTIONS: dict[str, dict[str, Any]] = {
    "--source": {
        "action": "extend",
        "nargs": "+",
        "choices": tuple(POST_SOURCES),
        "metavar": "S",
        "help": f"collect only these: {', '.join(POST_SOURCES)} "
        "(default: sources in .dlt/config.toml)",
    },
    "--start": {
        "type": day,
        "metavar": "DAY",
        "help": "first day, YYYY-MM-DD, UTC (default: yesterday, or the first unfinished day "
        "of the last week; and the days that are to be looked at again)",
    },
    "--end": {"type": day, "metavar": "DAY", "help": "last day (default: today)"},
    "--refresh": {
        "action": "store_true",
        "help": "ask again for days that are complete (default: skip them)",
    },
}


def _check(args: argparse.Namespace) -> None:
    wanted = _days(args, datetime.now(UTC).date())
    if len(wanted) > MAX_DAYS:
        raise UsageError(f"{len(wanted):,} days: at most {MAX_DAYS:,} in one run")
    try:
        settings.retry_policy()
        _settle_seconds()
        _looks()
        bounds()
        for name in _wanted_sources(args):
            with suppress(NotConfiguredError):
                open_source(name).api.close()
    except settings.SettingError as error:
        raise UsageError(str(error)) from error


def _days(args: argparse.Namespace, today: date) -> list[date]:
    """Return the days asked for. Raises UsageError when they are none, or not yet."""
    end = args.end or max(today, args.start or today)
    start = args.start or min(today - timedelta(days=1), end)
    if start > end:
        raise UsageError(f"--start {start} is after --end {end}")
    if end > today:
        raise UsageError(f"{end} has not begun yet: today is {today} (UTC)")
    return days(start, end)


def _settle_seconds() -> int:
    return 60 * int(settings.number("issues.settle_minutes", int, 0, 1440))


def _looks() -> list[int]:
    """Return after how many days a complete day is read again (issues.look_again_days)."""
    found = settings.words("issues.look_again_days")
    if not all(word.isdecimal() and 0 < int(word) <= MAX_DAYS for word in found):
        raise settings.SettingError(
            "ISSUES__LOOK_AGAIN_DAYS must be a list of numbers of days, such as 2,7"
        )
    return [int(word) for word in found]


def _wanted_sources(args: argparse.Namespace) -> list[str]:
    if args.source:
        return [name for name in POST_SOURCES if name in args.source]
    return chosen_sources()


def _run(args: argparse.Namespace, progress: Collector) -> None:
    if args.destination == "postgres":
        log.info("issues are kept in DuckDB, whatever the destination of the catalog is")
    now = int(time.time())
    parent = warehouse.data_dir() / "raw" / "issues"
    make_tables(progress)
    for folder in collect.leftovers(parent):
        log.info("%s was read but not loaded: loading it first", folder.path)
        collect.load(folder, progress)
    wanted = _days_to_ask(args, datetime.fromtimestamp(now, UTC).date())
    again = set() if args.start or args.end else due_again(now, _looks(), CATCH_UP_DAYS)
    wanted = sorted({*wanted, *(day for *_, day in again)})
    done = set() if args.refresh else collected_days() - again
    opened, unconfigured = _open_all(args)
    jobs = [collect.SourceJob(source, collect.missing(source, wanted, done)) for source in opened]
    jobs, complete = [j for j in jobs if j.days], [j for j in jobs if not j.days]
    for job in complete:
        job.source.api.close()
        log.info("%s: %s complete, nothing to ask", job.source.name, collect.spread(wanted))
    if jobs:
        _collect(jobs, parent, args, now, progress)
    asked = [source.name for source in opened]
    salt = settings.author_salt()
    ask_again(asked, parent, bounds(), salt=salt, now=now, progress=progress)
    if unconfigured and args.source:
        raise NotConfiguredError("; ".join(unconfigured))


def _days_to_ask(args: argparse.Namespace, today: date) -> list[date]:
    """Return the days asked for; by default also what the last CATCH_UP_DAYS left unfinished."""
    wanted = _days(args, today)
    if args.start or args.end:
        return wanted
    unfinished = unfinished_since(today - timedelta(days=CATCH_UP_DAYS))
    return days(min(wanted[0], unfinished or wanted[0]), today)


def _open_all(args: argparse.Namespace) -> tuple[list[Source], list[str]]:
    """Open the wanted sources; one that cannot be asked yet is told and left out."""
    opened: list[Source] = []
    unconfigured: list[str] = []
    for name in _wanted_sources(args):
        try:
            source = open_source(name)
        except NotConfiguredError as error:
            log.warning("%s is not configured: %s", name, error)
            unconfigured.append(str(error))
            continue
        except settings.SettingError:
            for other in opened:
                other.api.close()
            raise
        if source.queries:
            opened.append(source)
        else:
            source.api.close()
            log.warning("%s is not configured: it has no query in .dlt/config.toml", name)
    return opened, unconfigured


def _collect(
    jobs: list[collect.SourceJob],
    parent: Path,
    args: argparse.Namespace,
    now: int,
    progress: Collector,
) -> None:
    started = time.monotonic()
    asked = {day for job in jobs for _, left in job.days for day in left}
    names = [job.source.name for job in jobs]
    folder = RunFolder.create(
        parent, {"sources": names, "days": sorted(map(str, asked)), "refresh": bool(args.refresh)}
    )
    running.say_if_mixed("the sources of issues")
    log.info("issues: %s for %s into %s", ", ".join(names), collect.spread(asked), folder.path)
    try:
        with progress("issues: read"):
            collected = collect.collect(
                jobs,
                folder,
                salt=settings.author_salt(),
                settle_seconds=_settle_seconds(),
                now=now,
                progress=progress,
            )
        folder.manifest["counts"]["requests"] = collected.requests
        folder.finish("extracted")
        new = collect.load(folder, progress)
    except BaseException as error:
        folder.finish("failed", warehouse.first_line(error))
        raise
    for line in collect.summary(collected, new):
        log.info("%s", line)
    log.info("%d requests in %.1f s", collected.requests, time.monotonic() - started)
    if collected.failures:
        told = "; ".join(
            f"{name}: {warehouse.first_line(error)}" for name, error in collected.failures.items()
        )
        raise SourceUnavailableError(f"{told} (what was covered is loaded; run again for the rest)")


ISSUES = Pipeline(
    name="issues",
    summary=f"developers' posts of {LABELS}",
    options=_OPTIONS,
    check=_check,
    run=_run,
)
