"""Run the `dlt` command, but die by SIGKILL at one chosen moment.

    python -m tests.hf.killed_at MOMENT pipeline hf_catalog run ...

Moments: `page:N` (the Nth page has arrived), `rename` (hf_models.json is written and synced, not
yet renamed), `extracted` (the folder is complete, nothing is loaded), `job:N` (the Nth load job is
about to run in the destination, the earlier ones are in).
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt._workspace.cli._dlt import main
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from assay.extract.hub import command
from assay.extract.hub.client import Hub


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, wanted: Callable[..., bool]) -> None:
    """Put a death before one method's call."""
    original = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if wanted(*args, **kwargs):
            die()
        return original(*args, **kwargs)

    setattr(owner, name, dying)


def after(owner: Any, name: str, wanted: Callable[..., bool]) -> None:
    """Put a death after one method's call."""
    original = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if wanted(*args, **kwargs):
            die()
        return result

    setattr(owner, name, dying)


def before_job(number: int) -> None:
    """Put a death before the Nth statement that writes in the destination."""
    counter = itertools.count(1)

    def wanted(_: object, sql: object, *__: object, **___: object) -> bool:
        writes = str(sql).lstrip().upper().startswith(("INSERT", "DELETE", "COPY"))
        return writes and next(counter) == number

    before(DuckDbSqlClient, "execute_sql", wanted)


def before_rename(name: str) -> None:
    """Put a death before a file that is written and synced gets its name."""
    before(Path, "rename", lambda path, *_, **__: path.name.startswith(f".{name}."))


def run(arm: Callable[[str], None]) -> int:
    """Prepare a death at the first argument's moment, and be `dlt` with the others."""
    arm(sys.argv[1])
    sys.argv = ["dlt", *sys.argv[2:]]
    return main("dlt")


def arm(moment: str) -> None:
    kind, _, number = moment.partition(":")
    counter = itertools.count(1)
    if kind == "page":
        before(Hub, "_get", lambda *_, **__: next(counter) == int(number) + 2)
    elif kind == "rename":
        before_rename("hf_models.json")
    elif kind == "extracted":
        before(command, "load_catalog", lambda *_, **__: True)
    elif kind == "job":
        before_job(int(number))
    else:
        raise SystemExit(f"no such moment: {moment}")


if __name__ == "__main__":
    sys.exit(run(arm))
