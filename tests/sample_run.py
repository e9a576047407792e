"""What `make run` makes of the bundled sample: made once for all workers, who read or copy it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from tests.support import Project

# What a person may have set, and what a run on the sample does not follow.
ASTRAY = {
    "ASSAY_TARGET": "postgres",
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}


@contextmanager
def only_run(folders: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep other workers from `make run`, which refuses to run twice at once in one checkout;
    yield the folder that all workers of this session share."""
    base = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    with FileLock(base / "make-run.lock"):
        yield base


def the_run(folders: pytest.TempPathFactory) -> Project:
    """Return the project as `make run` leaves it: everything loaded, built, tested and published.

    What the command printed is in `output.txt` of its folder, dbt's artifacts are in `target`.
    """
    with only_run(folders) as base:
        project, done = Project(base / "the-run"), base / "the-run.done"
        if not done.exists():
            target = {"DBT_TARGET_PATH": str(project.folder / "target")}
            printed = project.run(sys.executable, "-m", "assay.runs.run", **ASTRAY, **target)
            (project.folder / "output.txt").write_text(printed, encoding="utf-8")
            done.touch()
        return project
