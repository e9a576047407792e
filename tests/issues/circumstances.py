"""Run the `dlt` command of the issues pipeline under circumstances that a test chooses.

    python -m tests.issues.circumstances now=1794700000 die=sql:3 pipeline issues run ...

now=SECONDS     what the pipeline takes for the current time, since the epoch
hurry=FACTOR    between requests time passes so many times faster, and so do all pauses
files=POSTS     a file of the run folder is finished after so many posts
die=MOMENT      SIGKILL at a moment; wait=SECONDS: so long after it has begun

Moments: `answer:N` (the Nth answer has come), `file:N` (the Nth file is written and synced, not yet
renamed), `listed:N` (renamed, not yet in the manifest), `extracted` (the folder is complete and
nothing is loaded), `sql:N` (the Nth statement that changes the warehouse is about to run),
`between` (posts are loaded, windows are not), `loaded` (both are, the folder does not say so yet).
"""

import functools
import itertools
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dlt._workspace.cli._dlt import main
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from assay.extract.http.rate_limit import SystemClock
from assay.extract.http.transport import RetryTransport
from assay.extract.issues import command
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import RunFolder
from assay.extract.posts import collect

CHANGES = re.compile(r"\s*(?:insert|delete|copy|create|alter|drop|update)\b", re.IGNORECASE)


def set_clock(now: int) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(now, tz)

    command.datetime = Then
    command.time = SimpleNamespace(time=lambda: float(now), monotonic=time.monotonic)
    assert command.datetime.now(UTC).timestamp() == now


def hurry(factor: float) -> None:
    began, began_at = time.monotonic(), time.time()
    SystemClock.monotonic = lambda _: began + (time.monotonic() - began) * factor
    SystemClock.time = lambda _: began_at + (time.time() - began_at) * factor
    SystemClock.sleep = lambda _, seconds: time.sleep(seconds / factor)


def die(moment: str, wait: float) -> None:
    kind, _, number = moment.partition(":")
    places: dict[str, tuple[Any, str, Callable[..., bool]]] = {
        "answer": (RetryTransport, "_requested_wait", _always),
        "file": (Path, "rename", lambda path, *_, **__: path.name.startswith(".posts_")),
        "extracted": (collect, "load_posts", _always),
        "sql": (DuckDbSqlClient, "execute_sql", lambda _, sql, *__, **___: CHANGES.match(str(sql))),
        "between": (
            bronze,
            "run",
            lambda _, one, *__, **___: _is_resource(one, "collected_windows"),
        ),
        "loaded": (RunFolder, "finish", lambda _, status, *__, **___: status == "loaded"),
    }
    if kind == "listed":
        _after_rename(int(number))
    else:
        _before(*places[kind], int(number or 1), wait)


def _before(owner: Any, name: str, counts: Callable[..., Any], number: int, wait: float) -> None:
    """Die when a function is called for the Nth time with arguments that count, or soon after."""
    original, counter = getattr(owner, name), itertools.count(1)

    @functools.wraps(original)
    def dying(*args: Any, **kwargs: Any) -> Any:
        if counts(*args, **kwargs) and next(counter) == number:
            threading.Timer(wait, _kill).start() if wait else _kill()
        return original(*args, **kwargs)

    setattr(owner, name, dying)


def _after_rename(number: int) -> None:
    original, counter = Path.rename, itertools.count(1)

    def renaming(path: Path, target: Path) -> Path:
        found = original(path, target)
        if path.name.startswith(".posts_") and next(counter) == number:
            _kill()
        return found

    Path.rename = renaming


def _is_resource(loaded: Any, name: str) -> bool:
    return getattr(loaded, "name", None) == name


def _always(*_: Any, **__: Any) -> bool:
    return True


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    circumstances = itertools.takewhile(lambda argument: "=" in argument, sys.argv[1:])
    chosen = dict(argument.split("=", 1) for argument in circumstances)
    if "now" in chosen:
        set_clock(int(chosen["now"]))
    if "hurry" in chosen:
        hurry(float(chosen["hurry"]))
    if "files" in chosen:
        collect.FILE_POSTS = int(chosen["files"])
    if "die" in chosen:
        die(chosen["die"], float(chosen.get("wait", 0)))
    sys.argv = ["dlt", *sys.argv[1 + len(chosen) :]]
    sys.exit(main("dlt"))
