"""Run `dbt` in this process under circumstances that a test chooses.

    python -m tests.issues.gold.building die=cluster:3 batch=100 log=FILE build --select tag:issues

forbid=NAME,...   these must not be called: embed, cluster, group, summarize, label, identify, map,
                  connect
batch=TEXTS       texts that are embedded and kept at once
log=FILE          every text that an engine computes is written there, a hash a line, before it is
die=NAME:N        SIGKILL when it is called for the Nth time; besides those above: kept (a batch of
                  vectors is in the cache) and sql (a statement of dbt's)
"""

import functools
import hashlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper
from dbt.cli.main import dbtRunner

from assay.mining import summarize
from assay.mining.cluster import cluster, identity, layout, reports
from assay.mining.embed import cache, engine
from assay.mining.label import local

# Python models import these names when dbt runs them, so what is put here is what they get.
PLACES = {
    "embed": (engine, "embed"),
    "kept": (cache.EmbeddingCache, "put_many"),
    "cluster": (cluster, "cluster"),
    "group": (reports, "group_reports"),
    "summarize": (summarize, "summarize"),
    "label": (local, "local_label"),
    "identify": (identity, "identify"),
    "map": (layout, "lay_out"),
    "sql": (DuckDBCursorWrapper, "execute"),
    "connect": (socket.socket, "connect"),
}


def before(name: str, act: Callable[[int], None], *, after: bool = False) -> None:
    """Call `act` with 1, 2, ... before (or after) each call of a place."""
    owner, attribute = PLACES[name]
    original, counter = getattr(owner, attribute), itertools.count(1)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if after:
            found = original(*args, **kwargs)
            act(next(counter))
            return found
        act(next(counter))
        return original(*args, **kwargs)

    setattr(owner, attribute, watched)


def forbid(name: str) -> None:
    def refuse(_: int) -> None:
        raise AssertionError(f"{name} was not to be called")

    before(name, refuse)


def die(moment: str) -> None:
    name, _, number = moment.partition(":")

    def kill(count: int) -> None:
        if count == int(number):
            os.kill(os.getpid(), signal.SIGKILL)

    before(name, kill, after=name == "kept")


def log_computed(file: Path) -> None:
    original = engine.load_engine

    def loaded(*args: Any, **kwargs: Any) -> Any:
        engine = original(*args, **kwargs)
        vectors = engine.vectors

        def logged(texts: list[str]) -> Any:
            with file.open("a") as lines:
                lines.writelines(f"{hashlib.sha256(text.encode()).hexdigest()}\n" for text in texts)
            return vectors(texts)

        engine.vectors = logged
        return engine

    engine.load_engine = loaded


def main(arguments: list[str]) -> int:
    chosen = list(itertools.takewhile(lambda argument: "=" in argument, arguments))
    for circumstance in chosen:
        kind, _, value = circumstance.partition("=")
        if kind == "forbid":
            for name in value.split(","):
                forbid(name)
        elif kind == "batch":
            engine.BATCH = int(value)
        elif kind == "log":
            log_computed(Path(value))
        elif kind == "die":
            die(value)
        else:
            raise SystemExit(f"unknown circumstance {circumstance}")
    return 0 if dbtRunner().invoke(arguments[len(chosen) :]).success else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
