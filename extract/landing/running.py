"""What every pipeline run needs around it: a log, a progress display, and the one-run lock."""

import logging
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dlt
from dlt.common.runtime.collector import LogCollector, NullCollector
from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.common import lock
from assay.common.text import EscapingFormatter
from assay.warehouse import journal, private

log = logging.getLogger(__name__)

LINE = "%(asctime)s %(levelname)-7s %(message)s"
LOUD_LIBRARIES = ("httpx", "httpcore", "huggingface_hub")


def start_logging(name: str, *, verbose: bool) -> Path:
    """Log to the terminal and, with dates and module names, to data/logs/<name>.log; UTC."""
    path = warehouse.data_dir() / "logs" / f"{name}.log"
    private.folder(path.parent)
    terminal = logging.StreamHandler()
    terminal.setFormatter(_utc("%(message)s" if sys.stderr.isatty() else LINE))
    file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(_utc(f"{LINE} [%(name)s, pid %(process)d]"))
    root = logging.getLogger()
    structured = journal.structured_log()
    for handler in (terminal, file):
        handler.setLevel(logging.DEBUG if verbose else logging.INFO)
    root.handlers[:] = [terminal, file, structured]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    # On a full disk the log file takes nothing, and logging would print a traceback for each line:
    # the line that names the cause is on the terminal already.
    logging.raiseExceptions = False
    for library in LOUD_LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)
    private.warn_once()
    return path


def _utc(line: str) -> logging.Formatter:
    formatter = EscapingFormatter(line, datefmt="%Y-%m-%d %H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter


def progress_display(name: str | None) -> Collector:
    """Return dlt's progress collector of that name.

    Without a name: bars on a terminal, nothing elsewhere, where the log's lines say as much.
    """
    if name == "log":
        return LogCollector(logger=logging.getLogger("progress"), dump_system_stats=False)
    if name is None:
        return dlt.progress.tqdm() if sys.stderr.isatty() else NullCollector()
    try:
        return getattr(dlt.progress, name)()
    except ImportError as error:
        raise RuntimeError(f"--progress {name} needs the package {name}: pip install it") from error


@contextmanager
def exclusive_run() -> Iterator[None]:
    """Hold the project's run lock; a second run waits for the first, and says so.

    The lock goes with its process: a killed run leaves none behind.
    """

    def say(owner: lock.Owner) -> None:
        log.warning(
            "another run (pid %s) is loading this warehouse: waiting for it to end",
            owner.pid or "unknown",
        )

    path = private.folder(warehouse.data_dir()) / "run.lock"
    with lock.exclusive(path, wait=math.inf, say=say):
        yield


def say_if_mixed(endpoint: str) -> None:
    """Warn when this run adds to a warehouse whose numbers have another origin."""
    mark = warehouse.data_dir() / warehouse.ORIGIN
    origin = mark.read_text(encoding="utf-8").strip() if mark.exists() else "live"
    if origin not in ("live", os.environ.get("ASSAY_ORIGIN")):
        log.warning(
            "%s holds %s data, and what %s gives is added to it; to keep them apart use "
            "`make run SOURCES=live`, or set ASSAY_DATA_DIR and DUCKDB_PATH",
            mark.parent,
            origin,
            endpoint,
        )
