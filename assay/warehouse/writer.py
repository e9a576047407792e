"""One writer: every command that opens the DuckDB warehouse has it alone, and waits for others.

DuckDB lets one process at a time have a file open for writing, and tells a second one so with an
error. Here a lock beside the file orders our own commands (`dlt pipeline run`, `dbt`, publishing,
reports, back-ups), and a program that knows nothing of the lock, such as DuckDB's own shell, is
waited for by asking DuckDB itself (docs/decisions/one-writer.md).
"""

import atexit
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from assay.common import env, lock

MEMORY = ":memory:"
_SQLITE = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html
MAX_WAIT = 3600.0  # seconds, where ASSAY_WAIT_SECONDS is not set
RESTORING = ".restoring"  # what a restore that has begun and not ended leaves beside the warehouse

# A process has the lock once, however often it asks for it, and whichever of its threads does.
_uses: dict[str, int] = {}
_descriptors: dict[str, int] = {}
_guard = threading.RLock()


class BusyError(Exception):
    """The warehouse is not to be had; the message says who has it and what to do, in one line."""


@contextmanager
def exclusive(
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
    _acquire(name, wait, restoring=restoring)
    try:
        yield
    finally:
        _release(name)


def keep_until_exit(path: str | Path) -> None:
    """Take the warehouse as `exclusive` does, until this process ends, however it ends."""
    name = _name(path)
    with _guard:
        if name != MEMORY and name not in _uses:
            _acquire(name, None)
            atexit.register(_release, name)


def owner(path: str | Path) -> lock.Owner | None:
    """Return which command has the warehouse; None when none has."""
    return lock.owner(_lock_file(_name(path)))


def _name(path: str | Path) -> str:
    """Return one name for one file, however it was reached."""
    return MEMORY if str(path) == MEMORY else os.path.realpath(path)


def longest_wait(default: float = MAX_WAIT) -> float:
    """Return how many seconds a command waits for another (ASSAY_WAIT_SECONDS).

    Raises BusyError when that is no number.
    """
    try:
        return env.number("ASSAY_WAIT_SECONDS", default, 0)
    except env.EnvironmentValueError as error:
        raise BusyError(str(error)) from error


def _lock_file(name: str) -> Path:
    return Path(f"{name}.lock")


def _acquire(name: str, wait: float | None, *, restoring: bool = False) -> None:
    with _guard:
        if name in _uses:
            _uses[name] += 1
            return
        waiting = lock.Waiting(name, longest_wait() if wait is None else wait, _say)
        try:
            descriptor = lock.acquire(_lock_file(name), waiting)
            try:
                while other := _other_program(name):
                    waiting.go_on(other)
                if not restoring and Path(f"{name}{RESTORING}").exists():
                    raise BusyError(f"restoring {name} was interrupted: run `make restore` again")
            except BaseException:
                os.close(descriptor)
                raise
        except lock.LockedError as error:
            raise BusyError(
                f"{error}: run again when that has ended (ASSAY_WAIT_SECONDS says how long to wait)"
            ) from error
        _uses[name], _descriptors[name] = 1, descriptor


def _release(name: str) -> None:
    with _guard:
        if name not in _uses:
            return
        _uses[name] -= 1
        if not _uses[name]:
            del _uses[name]
            os.close(_descriptors.pop(name))


def _other_program(name: str) -> str | None:
    """Say which program that does not know the lock has the file open; None when none has."""
    if not Path(name).exists() or _is_sqlite(name):
        return None
    try:
        duckdb.connect(name).close()
    except duckdb.ConnectionException:
        return None  # this process itself has it open, in another way
    except duckdb.IOException as error:
        if "lock on file" not in str(error):
            return None  # broken: who opens it says so
        named = re.search(r"held in (.+? \(PID \d+\))", str(error))
        return named[1].replace("PID", "pid") if named else "another program"
    return None


def _is_sqlite(name: str) -> bool:
    """Tell whether a file is a lake's catalog in SQLite, which knows no such lock."""
    with Path(name).open("rb") as stream:
        return stream.read(len(_SQLITE)) == _SQLITE


def _say(who: object) -> None:
    sys.stderr.write(f"the warehouse is in use by {who}: waiting for it to end\n")
    sys.stderr.flush()
