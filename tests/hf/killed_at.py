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


def arm(moment: str) -> None:
    kind, _, number = moment.partition(":")
    counter = itertools.count(1)
    if kind == "page":
        before(Hub, "_get", lambda *_, **__: next(counter) == int(number) + 2)
    elif kind == "rename":
        before(Path, "rename", lambda path, *_: path.name.startswith(".hf_models.json."))
    elif kind == "extracted":
        before(command, "load_catalog", lambda *_: True)
    elif kind == "job":
        writes = ("INSERT", "DELETE", "COPY")
        before(
            DuckDbSqlClient,
            "execute_sql",
            lambda _, sql, *__, **___: (
                str(sql).lstrip().upper().startswith(writes) and next(counter) == int(number)
            ),
        )
    else:
        raise SystemExit(f"no such moment: {moment}")


if __name__ == "__main__":
    arm(sys.argv[1])
    sys.argv = ["dlt", *sys.argv[2:]]
    sys.exit(main("dlt"))
