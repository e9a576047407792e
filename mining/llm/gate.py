"""When the next request may leave: a pause that a provider asks for, and no crowd after it."""

import threading
import time
from collections.abc import Callable


class Gate:
    """What holds back all threads of a run while a provider wants to be left alone.

    A pause holds for every thread. After it those who waited leave one after the other, a step
    apart: a crowd that comes back at once is what the provider refused in the first place. clock:
    seconds that only grow.
    """

    def __init__(self, crowd: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._crowd, self._clock, self._lock = crowd, clock, threading.Lock()
        self._next, self._step, self._in_line = 0.0, 0.0, 0

    def close(self, seconds: float, step: float) -> None:
        """Let nobody through for so long, and then as many as fly at once by one each `step`."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)
            self._step, self._in_line = step, self._crowd

    def wait(self) -> float:
        """Return how many seconds the caller has to wait from now on; it has its place in line."""
        with self._lock:
            now = self._clock()
            if not self._in_line:
                return max(0.0, self._next - now)
            leaves = max(now, self._next)
            self._next, self._in_line = leaves + self._step, self._in_line - 1
            return leaves - now
