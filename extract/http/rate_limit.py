"""When requests may leave: the interval and the limits of one source, for all its threads."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

log = logging.getLogger(__name__)

# As many requests are under way as the window allows. Nobody knows when the first of them ends, so
# whoever waits looks again after this.
LOOK_AGAIN_SECONDS = 0.05


class Clock(Protocol):
    """What a rate limiter needs of time; tests put a virtual one in its place."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""

    def time(self) -> float:
        """Return seconds since the epoch, UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The real clock."""

    def monotonic(self) -> float:
        """Return seconds that only ever grow."""
        return time.monotonic()

    def time(self) -> float:
        """Return seconds since the epoch, UTC."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


@dataclass
class RateLimiter:
    """Lets requests start no faster than a source allows.

    min_interval: seconds between the starts of two requests. most: requests in any window of `per`
    seconds, 0 for no such limit. A request counts from its start until `per` seconds after its end:
    whenever in between it really left or arrived, no window of `per` seconds has more than `most`
    of them, here or at the other end (docs/decisions/strict-limits.md).
    """

    min_interval: float
    clock: Clock
    source: str = "the source"
    most: int = 0
    per: float = 60.0
    _next: float = 0.0  # by our own interval
    _held: float = 0.0  # by what the source asked
    _under_way: int = 0  # requests begun and not ended
    _ended: deque[float] = field(default_factory=deque)  # when the latest requests ended, in order
    _announced: float = -math.inf
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Sleep until a request may be sent; the block sends it and waits for its answer."""
        while (pause := self._start_now()) > 0:
            self.clock.sleep(pause)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1
                if self.most:
                    self._ended.append(self.clock.monotonic())

    def pending(self) -> float:
        """Return the seconds for which the source has asked us to stay away."""
        with self._lock:
            return max(0.0, self._held - self.clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Let no request start within the next seconds."""
        with self._lock:
            self._held = max(self._held, self.clock.monotonic() + seconds)

    def _start_now(self) -> float:
        """Return 0 when a request may start now, and count it; else the seconds to wait and ask."""
        with self._lock:
            now = self.clock.monotonic()
            pause, reason = self._held - now, "the source allows no request before"
            if pause <= 0:
                pause, reason = self._next - now, "our own interval"
            if pause <= 0 and self.most:
                pause = self._window_pause(now)
                reason = f"{self.most} requests in {self.per:.0f} s is the limit"
            if pause > 0:
                self._announce(now, pause, reason)
                return pause
            self._next = now + self.min_interval
            self._under_way += 1
            return 0.0

    def _window_pause(self, now: float) -> float:
        """Return the seconds until the window has room, 0 when it has."""
        # On the edge itself the window still holds the oldest: wait until it is past.
        while self._ended and self._ended[0] + self.per < now:
            self._ended.popleft()
        if len(self._ended) + self._under_way < self.most:
            return 0.0
        if not self._ended:
            return LOOK_AGAIN_SECONDS
        edge = self._ended[0] + self.per
        return max(math.nextafter(edge, math.inf) - now, 1e-6)

    def _announce(self, now: float, pause: float, reason: str) -> None:
        """Log a pause that a person would notice, once however many threads wait."""
        if pause > 2 * self.min_interval + 1 and now + pause > self._announced + 1:
            self._announced = now + pause
            log.info("%s: waiting %.0f s (%s)", self.source, pause, reason)
