"""The issues pipeline: posts of four sources, day by day, into bronze.

Each source is read by a thread of its own and hands over covered days; the main thread alone writes
them to the run folder's files, which appear whole or not at all, and loads bronze from those.
A run that was killed leaves finished files: the next run loads them before it asks for the rest.
"""

import logging
import queue
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import orjson
from dlt.common.runtime.collector_base import Collector

from assay.extract.http.transport import SourceRefusedError
from assay.extract.landing.run_folder import MAX_RECORD, RunFolder, RunFolderError, encoded
from assay.extract.posts.bronze import load_posts
from assay.extract.posts.post import Day, Post, QueryRefusedError, Reading, Source, author_hash
from assay.extract.posts.urls import canonical_or_none, url_hash
from assay.extract.posts.windows import Window

log = logging.getLogger(__name__)

# A file is finished after so many posts or seconds, so that a killed run loses little.
FILE_POSTS = 5_000
FILE_SECONDS = 30.0
WAITING_DAYS = 100  # covered days that may wait for the writer


@dataclass
class Counts:
    """What one source gave for one day, over all its queries."""

    items: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)  # windows, by reason


@dataclass
class Collected:
    """What a run collected: tallies by source and day, and why sources failed."""

    tallies: dict[tuple[str, date], Counts] = field(default_factory=lambda: defaultdict(Counts))
    failures: dict[str, BaseException] = field(default_factory=dict)
    requests: int = 0


@dataclass(frozen=True)
class Work:
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
    works: list[Work],
    folder: RunFolder,
    *,
    salt: bytes,
    settle_seconds: int,
    now: int,
    progress: Collector,
) -> Collected:
    """Read all sources at once into files of the run folder.

    now: seconds since the epoch, where a running day ends. A source that fails does not stop the
    others; what it had covered is kept.
    """
    arriving: queue.Queue[Day | _End] = queue.Queue(WAITING_DAYS)
    stop = threading.Event()
    for work in works:
        threading.Thread(target=_read, args=(work, now, arriving, stop), daemon=True).start()
    collected, running = Collected(), len(works)
    total = sum(len(days) for work in works for _, days in work.days)
    with Writer(folder, salt, settle_seconds, now) as writer:
        try:
            while running:
                try:
                    came = arriving.get(timeout=1.0)
                except queue.Empty:
                    writer.finish_file(FILE_SECONDS)
                    continue
                if isinstance(came, _End):
                    running -= 1
                    if came.error is not None:
                        collected.failures[came.source] = came.error
                        log.error("%s failed: %s", came.source, came.error)
                else:
                    items = writer.write(came, collected.tallies[came.source, came.day])
                    writer.finish_file(FILE_SECONDS)
                    progress.update("days", total=total)
                    progress.update("posts", items)
        finally:
            stop.set()
    collected.requests = sum(work.source.api.transport.requests for work in works)
    return collected


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
    loaded = load_posts(folder, progress)
    folder.finish("loaded")
    return loaded.new


def summary(collected: Collected, new: dict[tuple[str, date], int]) -> list[str]:
    """Return the closing table: per source and day what came and what the source kept back."""
    lines = [
        f"{'source':<14} {'day':<10} {'items':>7} {'new':>7} {'duplicates':>10} "
        f"{'dropped':>7}  truncated windows"
    ]
    for (source, day), tally in sorted(collected.tallies.items()):
        fresh = new.get((source, day), 0)
        why = "; ".join(f"{count} ({reason})" for reason, count in sorted(tally.truncated.items()))
        lines.append(
            f"{source:<14} {day.isoformat():<10} {tally.items:>7,} {fresh:>7,} "
            f"{tally.items - fresh:>10,} {tally.dropped.total():>7,}  {why or '-'}"
        )
    return lines


def _read(work: Work, now: int, out: queue.Queue[Day | _End], stop: threading.Event) -> None:
    """Read one source to its end; runs in a thread of its own."""
    source, error = work.source, None
    refusals: list[str] = []
    try:
        for query, days in work.days:
            left = list(days)
            try:
                for day in source.read_days(query, days, now):
                    out.put(day)
                    left.remove(day.day)
                    if stop.is_set():
                        return
            except QueryRefusedError as refused:
                log.warning("%s: %s is refused: %s", source.name, query, refused)
                refusals.append(str(refused))
                for day in left:
                    reading = Reading().cut(f"refused: {refused}", final=False)
                    out.put(Day(source.name, query, day, [(Window.of_day(day), reading)]))
        if len(refusals) == len(source.queries):
            error = SourceRefusedError(f"every query is refused, the last: {refusals[-1]}")
    except Exception as failure:
        error = failure
        log.debug("%s", source.name, exc_info=True)
    finally:
        source.api.close()
        out.put(_End(source.name, error))


class Writer:
    """Turns covered days into lines of the run folder's files."""

    def __init__(self, folder: RunFolder, salt: bytes, settle_seconds: int, now: int) -> None:
        self._folder, self._salt, self._settle, self._now = folder, salt, settle_seconds, now
        self._lines: list[bytes] = []
        self._posts, self._files, self._seq = 0, 0, 0
        self._began = time.monotonic()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *_: object) -> None:
        self.finish_file()

    def write(self, day: Day, tally: Counts) -> int:
        """Add one day's posts and windows, together; return the number of posts."""
        lines, items = [], 0
        for window, reading in day.windows:
            dropped, before = Counter(reading.dropped), len(lines)
            for post in reading.posts:
                line = self._post(day, post)
                if isinstance(line, bytes):
                    lines.append(line)
                else:
                    dropped[line] += 1
            count = len(lines) - before
            items += count
            lines.append(self._window(day, window, reading, count, dropped))
            tally.items += count
            tally.dropped += dropped
            if reading.truncated:
                tally.truncated[reading.reason or "?"] += 1
        self._lines += lines
        self._posts += items
        if self._posts >= FILE_POSTS:
            self.finish_file()
        return items

    def finish_file(self, after_seconds: float = 0.0) -> None:
        """Write what has come so far to a file of its own."""
        if not self._lines or time.monotonic() - self._began < after_seconds:
            return
        self._files += 1
        with self._folder.records(f"posts_{self._files:04d}.json") as out:
            for line in self._lines:
                out.write(line)
        self._lines, self._posts, self._began = [], 0, time.monotonic()

    def _post(self, day: Day, post: Post) -> bytes | str:
        """Encode a post, or say why it cannot be kept."""
        try:
            identity = url_hash(post.url)
        except ValueError:
            return "unusable"
        link = canonical_or_none(post.link)
        line = self._line(
            day,
            kind="post",
            url_hash=identity,
            native_id=post.native_id,
            url=post.url,
            link_url=link,
            link_hash=url_hash(link) if link else None,
            title=post.title,
            body=post.body,
            author_hash=author_hash(self._salt, day.source, post.author),
            score=post.score,
            comment_count=post.comment_count,
            raw=post.raw,
            created_at=post.created_at,
        )
        return line if len(line) <= MAX_RECORD else "too large"

    def _window(
        self, day: Day, window: Window, reading: Reading, items: int, dropped: Counter[str]
    ) -> bytes:
        settled = self._now >= Window.of_day(day.day).end + self._settle
        return self._line(
            day,
            kind="window",
            window_start=window.start,
            window_end=window.end,
            items=items,
            dropped=dropped.total(),
            dropped_why=dict(sorted(dropped.items())) or None,
            truncated=reading.truncated,
            reason=reading.reason,
            is_final=reading.final and settled,
        )

    def _line(self, day: Day, **more: Any) -> bytes:
        self._seq += 1
        return encoded(
            {
                "seq": f"{self._seq:012d}",
                "run_id": self._folder.run_id,
                "collected_at": self._now,
                "source": day.source,
                "query": day.query,
                "collection_date": day.day.isoformat(),
                **more,
            }
        )


def spread(days: Iterable[date]) -> str:
    """Write a list of days for people."""
    ordered = sorted(days)
    return str(ordered[0]) if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"
