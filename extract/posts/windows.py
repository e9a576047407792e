"""Windows of time, and how one is covered when a source gives only so many results per question."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

DAY_SECONDS = 86_400

Read = TypeVar("Read")


@dataclass(frozen=True, order=True)
class Window:
    """The whole seconds from start up to but not including end, since the epoch, UTC."""

    start: int
    end: int

    @classmethod
    def of_day(cls, day: date) -> "Window":
        """Return the window of one day, UTC."""
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        return cls(start, start + DAY_SECONDS)

    @property
    def seconds(self) -> int:
        """How many seconds it holds."""
        return self.end - self.start

    def halves(self) -> tuple["Window", "Window"]:
        """Return two windows that together are this one. Raises ValueError for a single second."""
        if self.seconds < 2:
            raise ValueError(f"{self} cannot be halved")
        middle = self.start + self.seconds // 2
        return Window(self.start, middle), Window(middle, self.end)

    def until(self, moment: int) -> "Window":
        """Return the part before a moment, which may be empty."""
        return Window(self.start, max(self.start, min(self.end, moment)))

    def __str__(self) -> str:
        return f"{iso(self.start)}..{iso(self.end)}"


def cover(
    whole: Window, read: Callable[[Window, bool], Read | None]
) -> Iterator[tuple[Window, Read]]:
    """Yield windows in order of time that hold every second of `whole` once, each as it was read.

    `read(window, divisible)` returns None for a window with more than the source will give, which
    is then halved; it may not when divisible is False, since that window is one second long.
    """
    waiting = [whole] if whole.seconds else []
    while waiting:
        window = waiting.pop()
        found = read(window, window.seconds > 1)
        if found is None:
            waiting += reversed(window.halves())
        else:
            yield window, found


def days(first: date, last: date) -> list[date]:
    """Return all days from first to last, both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def iso(moment: float) -> str:
    """Write seconds since the epoch in ISO 8601: 2026-11-09T00:00:00Z."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
