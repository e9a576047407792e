"""Asking for many ids from several threads, keeping each answer as it comes."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.enrichment.cache import Answer, Answers

log = logging.getLogger(__name__)

# A source that fails so many requests in a row, each after all its retries, is left for this run.
GIVE_UP_AFTER = 5
SAY_EVERY_SECONDS = 10.0

Unit = Sequence[str]  # ids that one request asks for
Ask = Callable[[Unit], Iterable[tuple[str, Answer]]]


@dataclass
class Asked:
    """What asking came to, in ids. failed: without an answer for a passing reason. error: the
    first one, in one line. partial: answers that lack a part."""

    ids: int = 0
    answered: int = 0
    partial: int = 0
    failed: int = 0
    error: str | None = None

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(
            self.ids + other.ids,
            self.answered + other.answered,
            self.partial + other.partial,
            self.failed + other.failed,
            self.error or other.error,
        )


@dataclass
class WorkerPool:
    """Threads that ask, and the one place where what they are told is kept."""

    answers: Answers
    threads: int
    progress: Collector

    def ask_all(
        self, entity: str, units: Sequence[Unit], ask: Ask, *, threads: int | None = None
    ) -> Asked:
        """Ask for all units; return what came. `ask` is called from the threads.

        A unit whose `ask` raises counts as failed, and after GIVE_UP_AFTER such in a row nothing
        more is asked.
        """
        asked = Asked(sum(map(len, units)))
        crew = min(threads or self.threads, len(units))
        # Bounded: a source that fails at once is not asked faster than its failures are counted.
        done: queue.Queue[tuple[Unit, list[tuple[str, Answer]] | Exception] | None]
        done, stop, waiting = queue.Queue(crew), threading.Event(), iter(units)
        lock = threading.Lock()

        def body() -> None:
            while not stop.is_set():
                with lock:
                    unit = next(waiting, None)
                if unit is None:
                    break
                try:
                    done.put((unit, list(ask(unit))))
                except Exception as error:
                    done.put((unit, error))
            done.put(None)

        for _ in range(crew):  # daemons: a person who stops the run waits for none of them
            threading.Thread(target=body, daemon=True).start()
        try:
            self._gather(entity, asked, done, stop, crew)
        finally:
            stop.set()
        asked.failed = asked.ids - asked.answered
        return asked

    def _gather(
        self, entity: str, asked: Asked, done: queue.Queue[Any], stop: threading.Event, crew: int
    ) -> None:
        meter = Meter(entity, asked.ids, self.progress)
        in_a_row = 0
        while crew:
            item = done.get()
            if item is None:
                crew -= 1
                continue
            unit, came = item
            if isinstance(came, Exception):
                in_a_row += 1
                asked.error = asked.error or f"{unit[0]}: {warehouse.first_line(came)}"
                log.warning("%s: %s: %s", entity, unit[0], warehouse.first_line(came))
                if in_a_row >= GIVE_UP_AFTER:
                    stop.set()
            else:
                in_a_row = 0
                self.answers.keep(entity, came)
                asked.answered += len(came)
                asked.partial += sum(answer.is_partial for _, answer in came)
            meter.add(len(unit))


class Meter:
    """Says how far the asking is: dlt's display, and a line every SAY_EVERY_SECONDS."""

    def __init__(self, entity: str, total: int, progress: Collector) -> None:
        self._entity, self._total, self._progress = entity, total, progress
        self._count, self._started = 0, time.monotonic()
        self._said = self._started

    def add(self, count: int) -> None:
        """Count ids that were asked for."""
        self._count += count
        self._progress.update(self._entity, count, total=self._total)
        now = time.monotonic()
        if now - self._said >= SAY_EVERY_SECONDS:
            self._said = now
            log.info("%s", self.line(now - self._started))

    def line(self, seconds: float) -> str:
        """Return how far it is after so many seconds, and how long the rest will take."""
        left = seconds / self._count * (self._total - self._count)
        return (
            f"{self._entity}: {self._count:,} of {self._total:,} asked, "
            f"{self._count / seconds:.1f}/s, about {duration(left)} left"
        )


def duration(seconds: float) -> str:
    """Return seconds as a person says them: 42 s, 5 min, 2 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
