"""Run the `dlt` command, but die by SIGKILL at one chosen moment.

    python -m tests.hf.enrichment.killed_at MOMENT pipeline hf_enrichment run ...

Moments: `answer:N` (the Nth answer has come and is not kept yet), `kept:N` (the Nth is just kept),
`rename:FILE` (a file is written and synced, not yet renamed), `listed:FILE` (it is renamed, not yet
in the manifest), `load` (all files are there, nothing is loaded), `job:N` (the Nth statement that
writes is about to run in the destination).
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlt._workspace.cli._dlt import main
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from assay.extract.enrichment.cache import Answers
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import RunFolder
from tests.hf.killed_at import before, die


def after(owner: Any, name: str, wanted: Callable[..., bool]) -> None:
    """Put a death after one method's call."""
    original = getattr(owner, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if wanted(*args, **kwargs):
            die()
        return result

    setattr(owner, name, dying)


def arm(moment: str) -> None:
    kind, _, what = moment.partition(":")
    counter = itertools.count(1)
    if kind == "answer":
        before(Answers, "keep", lambda *_: next(counter) == int(what))
    elif kind == "kept":
        after(Answers, "keep", lambda *_: next(counter) == int(what))
    elif kind == "rename":
        before(Path, "rename", lambda path, *_: path.name.startswith(f".{what}."))
    elif kind == "listed":
        before(
            RunFolder,
            "save",
            lambda folder: (
                what in folder.manifest["files"] and (folder.path / what).stat().st_size > 0
            ),
        )
    elif kind == "load":
        before(bronze, "open_pipeline", lambda *_: True)
    elif kind == "job":
        writes = ("INSERT", "DELETE", "COPY")
        before(
            DuckDbSqlClient,
            "execute_sql",
            lambda _, sql, *__, **___: (
                str(sql).lstrip().upper().startswith(writes) and next(counter) == int(what)
            ),
        )
    else:
        raise SystemExit(f"no such moment: {moment}")


if __name__ == "__main__":
    arm(sys.argv[1])
    sys.argv = ["dlt", *sys.argv[2:]]
    sys.exit(main("dlt"))
