"""The journal: which run did what, when, and how it ended.

A run is one `make run`, `make refresh` or command by hand; its id, ASSAY_RUN_ID, is handed down to
every command it starts. A step is one of those commands: a dlt pipeline, a dbt invocation (whose
hooks write it, macros/journal.sql), a publication. Steps are rows of ops.pipeline_steps in the
DuckDB warehouse, which gold.pipeline_runs shows, and every log line is a JSON object with run and
step in data/logs/assay.jsonl (docs/operations.md).
"""

import json
import logging
import os
import re
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from assay import warehouse
from assay.warehouse import private

log = logging.getLogger(__name__)

RUN_ID = "ASSAY_RUN_ID"
FILE = "assay.jsonl"
MAX_LOG = 50_000_000  # bytes; then it is set aside as assay.jsonl.1
TABLE = "ops.pipeline_steps"
# Also run by dbt's plug-in, whose hooks write here (macros/journal.sql).
DDL = """
create schema if not exists ops;
create table if not exists ops.pipeline_steps (
    step_id varchar primary key,
    run_id varchar not null,
    kind varchar not null,
    name varchar not null,
    status varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    run_folders varchar[] not null,
    load_ids varchar[] not null,
    counts varchar not null,
    error varchar
);
"""

# A lake knows no keys by which a row could be replaced.
_KEEP = """
merge into ops.pipeline_steps as known
using (
    select
        $1 as step_id, $2 as run_id, $3 as kind, $4 as name, $5 as status,
        $6::timestamptz as started_at, $7::timestamptz as finished_at, $8::varchar[] as run_folders,
        $9::varchar[] as load_ids, $10 as counts, $11::varchar as error
) as now on known.step_id = now.step_id
when matched then update by name
when not matched then insert by name
"""


@dataclass
class Step:
    """One command of a run: what it read into, what it loaded, what it counted.

    problem: why it is no success although it came to its end.
    """

    kind: str
    name: str
    run_id: str
    step_id: str
    started_at: datetime
    run_folders: list[str] = field(default_factory=list)
    load_ids: list[str] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


_steps: list[Step] = []  # of this process; the last is under way


def run_id() -> str:
    """Return the id of this run, which every command started from here will have as well.

    One set from outside loses what is no letter, digit or one of `_.:-`, as in dbt's hooks.
    """
    given = os.environ.get(RUN_ID)
    if not given:
        given = f"{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(4)}"
    os.environ[RUN_ID] = re.sub(r"[^A-Za-z0-9_.:-]", "_", given)
    return os.environ[RUN_ID]


def current() -> Step | None:
    """Return the step under way in this process, None when nobody keeps a journal."""
    return _steps[-1] if _steps else None


@contextmanager
def step(kind: str, name: str, *, step_id: str | None = None, kept: bool = True) -> Iterator[Step]:
    """Write down what the block does: that it began, and how it ended.

    kept: in the warehouse as well as in the log; not for what only looks. What the block raises is
    written down and raised again. A journal that cannot be written is a warning, no failure; one
    without a warehouse is the log alone.
    """
    now = datetime.now(UTC)
    one = Step(kind, name, run_id(), step_id or uuid.uuid4().hex, now)
    _steps.append(one)
    started = time.monotonic()
    log.debug("%s %s: begun", kind, name)
    if kept:
        _begin(one)
    status, error = "failed", None
    try:
        yield one
        status, error = ("failed", one.problem) if one.problem else ("done", None)
    except BaseException as failure:
        error = warehouse.first_line(failure)
        raise
    finally:
        seconds = time.monotonic() - started
        log.debug(
            "%s %s: %s in %.1f s",
            kind,
            name,
            status,
            seconds,
            extra={
                "status": status,
                "seconds": round(seconds, 3),
                "error": error,
                "counts": one.counts,
                "load_ids": one.load_ids,
                "run_folders": one.run_folders,
            },
        )
        if kept:
            _keep(one, status, datetime.now(UTC), error)
        _steps.remove(one)


def _begin(one: Step) -> None:
    """Write that a step is running; what still says so of the same kind was killed.

    Each kind has a lock of its own that this process holds by now, so that none can be alive. On a
    lake others load at the same time: there it is the step that this data folder began last.
    """
    killed = f"update {TABLE} set status = 'killed' where status = 'running' and "  # noqa: S608
    if warehouse.main_target() == "duckdb":
        _write(f"{killed} kind = $1", [one.kind])
    else:
        mark = _mark(one)
        if mark.exists():
            _write(f"{killed} step_id = $1", [mark.read_text(encoding="utf-8")])
        private.folder(mark.parent)
        mark.write_text(one.step_id, encoding="utf-8")
    _keep(one, "running", None, None)


def _mark(one: Step) -> Path:
    """Return the file that says which step of a kind this data folder has begun and not ended."""
    return warehouse.data_dir() / f"running-{one.kind}.txt"


def _keep(one: Step, status: str, finished: datetime | None, error: str | None) -> None:
    row = [
        one.step_id,
        one.run_id,
        one.kind,
        one.name,
        status,
        one.started_at,
        finished,
        one.run_folders,
        one.load_ids,
        json.dumps(one.counts, default=str),
        error,
    ]
    _write(_KEEP, row, one if finished else None)


def _write(sql: str, values: list[Any], ended: Step | None = None) -> None:
    try:
        if not warehouse.exists():
            return  # what failed before it loaded anything leaves no warehouse behind
        with warehouse.duckdb_file(writing=True) as connection:
            warehouse.make_tables(connection, DDL)
            warehouse.again_after_conflicts(lambda: connection.execute(sql, values))
            if ended and warehouse.main_target() != "duckdb":
                warehouse.mark_snapshot(connection, ended.run_id, ended.step_id)
                _mark(ended).unlink(missing_ok=True)
    except (duckdb.Error, OSError, warehouse.WarehouseError) as error:
        log.warning("the journal was not written: %s", warehouse.first_line(error))


def structured_log() -> logging.Handler:
    """Return a handler that writes every record as a JSON object, a line each, to the journal's
    file; `extra` of a record is kept, and so are the beginnings and ends of steps, which are of
    level DEBUG."""
    log.setLevel(logging.DEBUG)
    path = warehouse.data_dir() / "logs" / FILE
    private.folder(path.parent)
    if path.exists() and path.stat().st_size > MAX_LOG:
        path.replace(path.with_name(f"{FILE}.1"))
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_AsJson())
    return handler


class _AsJson(logging.Formatter):
    """A log record as one line of JSON; text from outside cannot make a second line of it."""

    _own = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        one = current()
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {
            "at": at,
            "level": record.levelname,
            "run_id": run_id(),
            "step_id": one and one.step_id,
            "step": one and f"{one.kind} {one.name}",
            "pid": record.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in self._own}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)
