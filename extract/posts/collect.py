"""Reading all sources of posts at once, day by day, into the files of a run folder.

Each source is read by a thread of its own and hands over the days it has read; the main thread
alone writes them to the run folder's files, which appear whole or not at all, and loads bronze from
those. A run that was killed leaves finished files: the next run loads them before it asks for the
rest.
"""

import logging
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import orjson
from dlt.common.runtime.collector_base import Collector

from assay.common.show import table
from assay.extract.http.transport import SourceRefusedError
from assay.extract.landing.run_folder import RunFolder, RunFolderError
from assay.extract.posts.bronze import POSTS, REMOVED, WINDOWS, load_posts
from assay.extract.posts.lines import DayLines, LineWriter
from assay.extract.posts.post import DayResult, QueryRefusedError, Source, WindowResult
from assay.extract.posts.windows import Window

log = logging.getLogger(__name__)

# A file is finished after so many posts or seconds, so that a killed run loses little.
FILE_POSTS = 5_000
FILE_SECONDS = 30.0
WAITING_DAYS = 100  # days that were read and may wait for the writer


@dataclass
class Counts:
    """What one source gave for one day, over all its queries."""

    items: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)  # windows, by reason

    def add(self, day: DayLines) -> None:
        """Count one query's day as well."""
        self.items += len(day.posts)
        self.dropped += day.dropped
        self.truncated += day.truncated


@dataclass
class Collected:
    """What a run collected: counts by source and day, and by source and query, and why sources
    failed."""

    counts: dict[tuple[str, date], Counts] = field(default_factory=lambda: defaultdict(Counts))
    queries: dict[tuple[str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))
    failures: dict[str, BaseException] = field(default_factory=dict)
    requests: int = 0


@dataclass(frozen=True)
class SourceJob:
    """What one source is asked for: the days that are missing, by query."""

    source: Source
    days: list[tuple[str, list[date]]]


@dataclass(frozen=True)
class _End:
    """A source has nothing more to give; `error` when it failed."""

    source: str
    error: BaseException | None = None


def missing(
    source: Source, days: list[date], done: set[tuple[str, str, date]]
) -> list[tuple[str, list[date]]]:
    """Return the days to ask for, by query, without those that are complete."""
    wanted = (
        (query, [day for day in days if (source.name, query, day) not in done])
        for query in source.queries
    )
    return [(query, left) for query, left in wanted if left]


def collect(
    jobs: list[SourceJob],
    folder: RunFolder,
    *,
    salt: bytes,
    settle_seconds: int,
    now: int,
    progress: Collector,
) -> Collected:
    """Read all sources at once into files of the run folder.

    now: seconds since the epoch, where a running day ends. A source that fails does not stop the
    others; the days of it that were read are kept.
    """
    arriving: queue.Queue[DayResult | _End] = queue.Queue(WAITING_DAYS)
    stop = threading.Event()
    for job in jobs:
        threading.Thread(target=_read, args=(job, now, arriving, stop), daemon=True).start()
    collected, running = Collected(), len(jobs)
    total = sum(len(days) for job in jobs for _, days in job.days)
    lines = LineWriter(folder.run_id, salt, settle_seconds, now)
    with FileWriter(folder) as files:
        try:
            while running:
                try:
                    arrived = arriving.get(timeout=1.0)
                except queue.Empty:
                    files.finish(FILE_SECONDS)
                    continue
                if isinstance(arrived, _End):
                    running -= 1
                    if arrived.error is not None:
                        collected.failures[arrived.source] = arrived.error
                        log.error("%s failed: %s", arrived.source, arrived.error)
                    continue
                day = lines.day(arrived)
                files.write(day)
                files.finish(FILE_SECONDS)
                collected.counts[arrived.source, arrived.day].add(day)
                collected.queries[arrived.source, arrived.query].add(day)
                progress.update("days", total=total)
                progress.update("posts", len(day.posts))
        finally:
            stop.set()
    collected.requests = sum(job.source.api.transport.requests for job in jobs)
    return collected


def read_source(job: SourceJob, now: int) -> Iterator[DayResult]:
    """Yield every day of a job once it is read; a refused query gives days that say so.

    Raises SourceRefusedError when the source refuses every query, and what `read_days` raises.
    """
    source, refusals = job.source, list[str]()
    for query, days in job.days:
        left = list(days)
        try:
            for result in source.read_days(query, days, now):
                yield result
                left.remove(result.day)
        except QueryRefusedError as refused:
            log.warning("%s: %s is refused: %s", source.name, query, refused)
            refusals.append(str(refused))
            for day in left:
                nothing = WindowResult().truncate(f"refused: {refused}", final=False)
                yield DayResult(source.name, query, day, [(Window.of_day(day), nothing)])
    if len(refusals) == len(source.queries):
        raise SourceRefusedError(f"every query is refused, the last: {refusals[-1]}")


def leftovers(parent: Path) -> list[RunFolder]:
    """Return the folders that a killed or failed run wrote and never loaded, oldest first."""
    found = []
    for manifest in sorted(parent.glob("*/manifest.json")):
        try:
            state = orjson.loads(manifest.read_bytes())
            if state.get("status") != "loaded" and state.get("files"):
                found.append(RunFolder.open(manifest.parent))
        except (RunFolderError, orjson.JSONDecodeError, AttributeError) as error:
            log.warning("%s is left out: %s", manifest.parent, error)
    return found


def load(folder: RunFolder, progress: Collector) -> dict[tuple[str, date], int]:
    """Load one folder into bronze; return how many posts were new, by source and day."""
    if not folder.manifest["files"]:
        folder.finish("loaded")
        return {}
    new = load_posts(folder, progress)
    folder.finish("loaded")
    return new


def summary(collected: Collected, new: dict[tuple[str, date], int]) -> list[str]:
    """Return the closing table: per source and day what came and what the source kept back; then
    the queries of which everything was dropped."""
    headings = ("source", "day", "items", "new", "duplicates", "dropped", "truncated windows")
    rows = []
    for (source, day), counts in sorted(collected.counts.items()):
        fresh = new.get((source, day), 0)
        why = "; ".join(f"{count} ({reason})" for reason, count in sorted(counts.truncated.items()))
        figures = (counts.items, fresh, counts.items - fresh, counts.dropped.total())
        rows.append((source, day.isoformat(), *(f"{count:,}" for count in figures), why or "-"))
    return [*table([headings, *rows], "<<>>>>", least=(13, 10, 6, 6)), *_fruitless(collected)]


def _fruitless(collected: Collected) -> Iterator[str]:
    """Say of each query that found something and kept nothing why that is so."""
    for (source, query), counts in sorted(collected.queries.items()):
        if counts.dropped and not counts.items:
            why = ", ".join(f"{count:,} {reason}" for reason, count in counts.dropped.most_common())
            yield f"{source}: {query}: all {counts.dropped.total():,} items were dropped: {why}"


def _read(
    job: SourceJob, now: int, out: queue.Queue[DayResult | _End], stop: threading.Event
) -> None:
    """Read one source to its end; runs in a thread of its own."""
    error = None
    try:
        for result in read_source(job, now):
            out.put(result)
            if stop.is_set():
                return
    except Exception as failure:
        error = failure
        log.debug("%s", job.source.name, exc_info=True)
    finally:
        job.source.api.close()
        out.put(_End(job.source.name, error))


class FileWriter:
    """Writes days to files of the run folder: posts to one, what was taken back to another, windows
    to a third.

    The windows of a file are finished last: a killed run leaves no window without its posts.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._waiting = DayLines()
        self._files = 0
        self._began = time.monotonic()

    def __enter__(self) -> "FileWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def write(self, day: DayLines) -> None:
        """Add one day, posts and windows together."""
        self._waiting.posts += day.posts
        self._waiting.removed += day.removed
        self._waiting.windows += day.windows
        if len(self._waiting.posts) >= FILE_POSTS:
            self.finish()

    def finish(self, after_seconds: float = 0.0) -> None:
        """Write what has come so far to files of its own."""
        if not self._waiting.windows or time.monotonic() - self._began < after_seconds:
            return
        self._files += 1
        waiting = self._waiting
        parts = [(POSTS, waiting.posts), (WINDOWS, waiting.windows)]
        if waiting.removed:
            parts.insert(0, (REMOVED, waiting.removed))
        for beginning, lines in parts:
            with self._folder.records(f"{beginning}{self._files:04d}.json") as out:
                for line in lines:
                    out.write(line)
        self._waiting, self._began = DayLines(), time.monotonic()


def spread(days: Iterable[date]) -> str:
    """Write a list of days for people."""
    ordered = sorted(days)
    return str(ordered[0]) if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"
