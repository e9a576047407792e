"""One writer: every command that opens the DuckDB warehouse waits its turn, and says for whom.

DuckDB lets one process at a time have a file open for writing, and tells a second one so with an
error. Here a lock beside the file orders our own commands (`dlt pipeline run`, `dbt`, publishing,
reports, back-ups), and a program that knows nothing of the lock, such as DuckDB's own shell, is
waited for by asking DuckDB itself (docs/decisions/one-writer.md).
"""

import atexit
import fcntl
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

MEMORY = ":memory:"
MAX_WAIT = 3600.0  # seconds, where ASSAY_WAIT_SECONDS is not set
SAY_EVERY = 60.0  # seconds between two lines of one that waits
LOOK_EVERY = 0.1
RESTORING = ".restoring"  # what a restore that has begun and not ended leaves beside the warehouse

# A process has the lock once, however often it asks for it, and whichever of its threads does.
_held: dict[str, int] = {}
_descriptors: dict[str, int] = {}
_guard = threading.RLock()


class BusyError(Exception):
    """The warehouse is not to be had; the message says who has it and what to do, in one line."""


@contextmanager
def alone(
    path: str | Path, *, wait: float | None = None, restoring: bool = False
) -> Iterator[None]:
    """Have the warehouse at `path` for this process alone, waiting for whoever has it.

    wait: seconds (default ASSAY_WAIT_SECONDS, else an hour). restoring: go on although a restore
    was interrupted. Raises BusyError when the wait is over, or such a restore has to be done again.
    """
    name = _name(path)
    if name == MEMORY:
        yield
        return
    _acquire(name, _longest_wait() if wait is None else wait, restoring=restoring)
    try:
        yield
    finally:
        _release(name)


def keep_until_exit(path: str | Path) -> None:
    """Take the warehouse as `alone` does, until this process ends, however it ends."""
    name = _name(path)
    with _guard:
        if name != MEMORY and name not in _held:
            _acquire(name, _longest_wait())
            atexit.register(_release, name)


def holder(path: str | Path) -> str | None:
    """Say who has the warehouse: its command, pid and since when; None when nobody has."""
    lock = _lock_file(_name(path))
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _told(lock)
    else:
        return None
    finally:
        os.close(descriptor)


def _name(path: str | Path) -> str:
    """Return one name for one file, however it was reached."""
    return MEMORY if str(path) == MEMORY else os.path.realpath(path)


def _longest_wait() -> float:
    return float(os.environ.get("ASSAY_WAIT_SECONDS") or MAX_WAIT)


def _lock_file(name: str) -> Path:
    return Path(f"{name}.lock")


def _acquire(name: str, wait: float, *, restoring: bool = False) -> None:
    with _guard:
        if name in _held:
            _held[name] += 1
            return
        lock = _lock_file(name)
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # as assay/warehouse/private.py
        waiting = _Waiting(name, wait)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(descriptor):
                waiting.go_on(_told(lock))
            while stranger := _stranger(name):
                waiting.go_on(stranger)
            if not restoring and Path(f"{name}{RESTORING}").exists():
                raise BusyError(f"restoring {name} was interrupted: run `make restore` again")
        except BaseException:
            os.close(descriptor)
            raise
        now = datetime.now(UTC)
        told = {"pid": os.getpid(), "command": _command(), "since": f"{now:%Y-%m-%d %H:%M:%S}Z"}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(told).encode(), 0)
        _held[name], _descriptors[name] = 1, descriptor


def _release(name: str) -> None:
    with _guard:
        if name not in _held:
            return
        _held[name] -= 1
        if not _held[name]:
            del _held[name]
            os.close(_descriptors.pop(name))


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stranger(name: str) -> str | None:
    """Say which program that does not know the lock has the file open; None when none has."""
    if not Path(name).exists():
        return None
    try:
        duckdb.connect(name).close()
    except duckdb.ConnectionException:
        return None  # this process itself has it open, in another way
    except duckdb.IOException as error:
        if "lock on file" not in str(error):
            return None  # broken: who opens it says so
        found = re.search(r"held in (.+? \(PID \d+\))", str(error))
        return found[1].replace("PID", "pid") if found else "another program"
    return None


class _Waiting:
    """Waits a little longer each time, says so now and then, and gives up in the end."""

    def __init__(self, name: str, most: float) -> None:
        self._name, self._ends = name, time.monotonic() + most
        self._says = 0.0

    def go_on(self, who: str) -> None:
        now = time.monotonic()
        if now >= self._ends:
            raise BusyError(
                f"{self._name} is in use by {who}: run again when that has ended "
                "(ASSAY_WAIT_SECONDS says how long to wait)"
            )
        if now >= self._says:
            sys.stderr.write(f"the warehouse is in use by {who}: waiting for it to end\n")
            sys.stderr.flush()
            self._says = now + SAY_EVERY
        time.sleep(LOOK_EVERY)


def _told(lock: Path) -> str:
    """Return what the lock's holder wrote into it."""
    try:
        told: Any = json.loads(lock.read_bytes())
        return f"`{told['command']}` (pid {told['pid']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another command"  # it is just about to write


def _command() -> str:
    """Name this process as a person started it; no argument is told that could hold a secret."""
    words = [Path(sys.argv[0] or "python").name, *sys.argv[1:3]]
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and spec.name:
        words = ["python", "-m", spec.name.removesuffix(".__main__")]
    return " ".join(word for word in words if word.isprintable())[:80]
