"""Asking for many ids from several threads, keeping each answer as it comes."""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice, takewhile

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.common.show import duration
from assay.extract.enrichment.cache import Answer, Answers
from assay.extract.http.rate_limit import SystemClock

log = logging.getLogger(__name__)

# A source that fails so many requests in a row, each after all its retries, is left for this run.
GIVE_UP_AFTER = 5
SAY_EVERY_SECONDS = 10.0

Unit = Sequence[str]  # ids that one request asks for
Ask = Callable[[Unit], Iterable[tuple[str, Answer]]]
Answering = Future[list[tuple[str, Answer]]]  # a request under way


class StoppedError(Exception):
    """The run was stopped while a request waited for its turn or for its retry."""


class StoppableClock(SystemClock):
    """The real clock, whose sleepers wake when the run is stopped.

    A pool waits for its threads at its end, and a retry may sleep for a minute: nobody who presses
    Ctrl-C waits for that.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Wait. Raises StoppedError when the run is stopped meanwhile."""
        if self.stopped.wait(seconds):
            raise StoppedError


@dataclass
class FetchStats:
    """What asking came to, in ids. failed: without an answer for a passing reason. error: the
    first one, in one line. partial: answers that lack a part."""

    ids: int = 0
    answered: int = 0
    partial: int = 0
    failed: int = 0
    error: str | None = None

    def __add__(self, other: "FetchStats") -> "FetchStats":
        return FetchStats(
            self.ids + other.ids,
            self.answered + other.answered,
            self.partial + other.partial,
            self.failed + other.failed,
            self.error or other.error,
        )


@dataclass
class WorkerPool:
    """Threads that ask, and the one place where what they are told is kept.

    clock: the one by which the sources wait, stopped when asking is interrupted.
    """

    answers: Answers
    threads: int
    progress: Collector
    clock: StoppableClock = field(default_factory=StoppableClock)

    def ask_all(
        self, kind: str, units: Sequence[Unit], ask: Ask, *, threads: int | None = None
    ) -> FetchStats:
        """Ask for all units; return what came. `ask` is called from the threads.

        A unit whose `ask` raises counts as failed, and after GIVE_UP_AFTER such in a row nothing
        more is asked.
        """
        stats = FetchStats(sum(map(len, units)))
        if not units:
            return stats
        reporter = ProgressReporter(kind, stats.ids, self.progress)
        failures = 0  # in a row
        wanted = takewhile(lambda _: failures < GIVE_UP_AFTER, units)
        threads = min(threads or self.threads, len(units))
        with closing(self._as_completed(wanted, ask, threads)) as completed:
            for unit, answering in completed:
                failures = 0 if self._keep(kind, unit, answering, stats) else failures + 1
                reporter.add(len(unit))
        stats.failed = stats.ids - stats.answered
        return stats

    def _as_completed(
        self, units: Iterator[Unit], ask: Ask, threads: int
    ) -> Generator[tuple[Unit, Answering], None, None]:
        """Yield each unit when its request has ended.

        No more are under way than there are threads: a source that fails at once is not asked
        faster than its failures are counted.
        """
        try:
            with ThreadPoolExecutor(threads) as executor:
                try:
                    asked = {
                        executor.submit(_ask, ask, unit): unit for unit in islice(units, threads)
                    }
                    while asked:
                        done, _ = wait(asked, return_when=FIRST_COMPLETED)
                        for answering in done:
                            yield asked.pop(answering), answering
                            more = islice(units, 1)
                            asked |= {executor.submit(_ask, ask, unit): unit for unit in more}
                except BaseException:
                    self.clock.stopped.set()
                    raise
        finally:
            self.clock.stopped.clear()

    def _keep(self, kind: str, unit: Unit, answering: Answering, stats: FetchStats) -> bool:
        """Keep what one request came to; return whether it was answered."""
        error = answering.exception()
        if error is not None:
            stats.error = stats.error or f"{unit[0]}: {warehouse.first_line(error)}"
            log.warning("%s: %s: %s", kind, unit[0], warehouse.first_line(error))
            return False
        came = answering.result()
        self.answers.keep(kind, came)
        stats.answered += len(came)
        stats.partial += sum(answer.is_partial for _, answer in came)
        return True


def _ask(ask: Ask, unit: Unit) -> list[tuple[str, Answer]]:
    return list(ask(unit))


class ProgressReporter:
    """Says how far the asking is: dlt's display, and a line every SAY_EVERY_SECONDS."""

    def __init__(self, kind: str, total: int, progress: Collector) -> None:
        self._kind, self._total, self._progress = kind, total, progress
        self._count, self._started = 0, time.monotonic()
        self._said = self._started

    def add(self, count: int) -> None:
        """Count ids that were asked for."""
        self._count += count
        self._progress.update(self._kind, count, total=self._total)
        now = time.monotonic()
        if now - self._said >= SAY_EVERY_SECONDS:
            self._said = now
            log.info("%s", self.line(now - self._started))

    def line(self, seconds: float) -> str:
        """Return how far it is after so many seconds, and how long the rest will take."""
        left = seconds / self._count * (self._total - self._count)
        return (
            f"{self._kind}: {self._count:,} of {self._total:,} asked, "
            f"{self._count / seconds:.1f}/s, about {duration(left)} left"
        )
