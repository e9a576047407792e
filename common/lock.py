"""One process at a time: a lock file that says who has it, and that ends with its process.

The lock is flock's, taken through filelock, on a descriptor of our own: closing is all it takes to
release it, so that a killed process leaves none behind, and a child process that inherits the
descriptor keeps the lock until it has ended as well. The file's content only names the owner.
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import lock_descriptor

POLL_SECONDS = 0.05
SAY_EVERY = 60.0  # seconds between two lines of one that waits


@dataclass(frozen=True)
class Owner:
    """The process that has a lock; nothing is known of one that did not write it down (yet).

    command: as a person started it. since: when it took the lock, UTC.
    """

    command: str = ""
    pid: int | None = None
    since: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return "another command"
        return f"`{self.command}` (pid {self.pid}, since {self.since})"


class LockedError(Exception):
    """Another process has the lock; `owner` says which, as far as it is known."""

    def __init__(self, path: Path, owner: object) -> None:
        super().__init__(f"{path} is in use by {owner}")
        self.owner = owner


class Waiting:
    """Waits a little at a time for `seconds` in all, and says for whom at once and now and then.

    say: called with the owner, which may be anything that can be printed.
    """

    def __init__(self, path: str | Path, seconds: float, say: Callable[[Any], None] | None) -> None:
        self._path, self._ends, self._say = Path(path), time.monotonic() + seconds, say
        self._says = -math.inf

    def go_on(self, owner: object) -> None:
        """Wait a moment. Raises LockedError when the time is over."""
        now = time.monotonic()
        if now >= self._ends:
            raise LockedError(self._path, owner)
        if self._say and now >= self._says:
            self._say(owner)
            self._says = now + SAY_EVERY
        time.sleep(POLL_SECONDS)


@contextmanager
def exclusive(
    path: str | Path, *, wait: float = 0.0, say: Callable[[Owner], None] | None = None
) -> Iterator[int]:
    """Have the lock file at `path` alone; yield its descriptor, which a child may inherit.

    wait: seconds to wait for another process, or another thread, that has it; math.inf for as long
    as it takes. say: called with the owner when waiting begins, and every minute. Raises
    LockedError when the wait is over.
    """
    descriptor = acquire(path, Waiting(path, wait, say))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def acquire(path: str | Path, waiting: Waiting) -> int:
    """Take the lock; return the descriptor that has it until it is closed, in every process.

    Raises what `waiting` raises.
    """
    file = Path(path)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not lock_descriptor(descriptor, blocking=False):
            waiting.go_on(_written(file))
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z"
        content = json.dumps(asdict(Owner(_command(), os.getpid(), since))).encode()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def owner(path: str | Path) -> Owner | None:
    """Return who has the lock file at `path`, None when nobody has."""
    file = Path(path)
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if lock_descriptor(descriptor, blocking=False) else _written(file)
    finally:
        os.close(descriptor)


def _written(file: Path) -> Owner:
    """Return what the owner wrote into its lock."""
    try:
        found = json.loads(file.read_bytes())
        return Owner(str(found["command"]), int(found["pid"]), str(found["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Owner()


def _command() -> str:
    """Name this process as a person started it; no argument is named that could hold a secret."""
    words = [Path(sys.argv[0] or "python").name, *sys.argv[1:3]]
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and spec.name:
        words = ["python", "-m", spec.name.removesuffix(".__main__")]
    return " ".join(word for word in words if word.isprintable())[:80]
