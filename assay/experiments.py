"""One step of the prompt experiments inside dbt: which tasks are pending, and the rows they become.

The three Python models of python_models/experiments share it; what is asked and how is
mining.experiments.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from dbt_common.invocation import get_invocation_id
from duckdb import ColumnExpression, ConstantExpression, DuckDBPyConnection, DuckDBPyRelation

from assay.warehouse import data_dir
from mining.experiments import FEWEST_LINKS, Job, answer, response
from mining.llm import Cache, Result, Settings

log = logging.getLogger(__name__)

SCHEMA = pa.schema(
    [
        pa.field("task_id", pa.string()),
        pa.field("model_id", pa.string()),
        pa.field("template_id", pa.string()),
        pa.field("inputs_hash", pa.string()),
        pa.field("status", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("response", pa.string()),
        pa.field("model", pa.string()),
        pa.field("prompt_hash", pa.string()),
        pa.field("tokens_in", pa.int64()),
        pa.field("tokens_out", pa.int64()),
        pa.field("cost_usd", pa.float64()),
        pa.field("seconds", pa.float64()),
        pa.field("run_id", pa.string()),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC")),
    ]
)
_ROWS = 500  # read at once: each brings its concepts' texts
_JOB = (
    "task_id", "template_id", "model_id", "inputs_hash", "model", "temperature", "max_tokens", "file",
    "source",
)  # fmt: skip
_LINEAGE = {  # the columns in which a part of the experiment may be named
    "templates": ("link_template_id", "essay_template_id", "evaluation_template_id"),
    "models": ("generation_model_id", "evaluation_model_id"),
    "task_ids": ("link_task_id", "essay_task_id", "task_id"),
}


class ExperimentError(Exception):
    """The variables given to dbt do not fit; the message says which and how."""


@dataclass(frozen=True)
class Request:
    """What a person asked for: approval, budget, and the part of the experiment (--vars)."""

    approved: bool
    max_usd: float
    limit: int
    part: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_config(cls, text: str) -> "Request":
        """Read the variables that _experiments_staging__models.yml hands over as JSON.

        Raises ExperimentError for a value of the wrong kind.
        """
        given = json.loads(text.removeprefix("json "))
        try:
            limit, max_usd = int(given["limit"]), float(given["max_usd"])
        except (TypeError, ValueError) as error:
            raise ExperimentError(
                f"experiment_limit and llm_max_usd are numbers: {error}"
            ) from None
        if limit < 0:
            raise ExperimentError(f"experiment_limit is {limit}: give a number of at least 0")
        part = {name: _names(given[name]) for name in _LINEAGE if given[name]}
        return cls(str(given["approved"]).lower() == "true", max_usd, limit, part)


def _names(given: object) -> tuple[str, ...]:
    return tuple(str(one) for one in (given if isinstance(given, list) else [given]))


def rows(
    step: str,
    session: DuckDBPyConnection,
    ready: DuckDBPyRelation,
    before: DuckDBPyRelation | None,
    request: Request,
) -> pa.Table:
    """Return a row for each task of `ready` that was answered, failed or was refused by this run.

    ready: one row per task that has what its prompt needs (see the models' SQL). before: the rows
    of earlier runs; a task that was answered there to the same inputs is done.
    """
    pending = _part(_pending(session, ready, before), request.part)
    refused: list[dict[str, Any]] = []
    with Cache(data_dir() / "llm.sqlite") as cache:
        answers = answer(
            step, _jobs(pending, refused), Settings.from_environment(), cache,
            approved=request.approved, max_usd=request.max_usd, run_id=get_invocation_id(),
            limit=request.limit,
        )  # fmt: skip
    if answers.left:
        log.info("llm: %s: %d more are pending beyond experiment_limit %d", step, answers.left,
                 request.limit)  # fmt: skip
    found = [row for one in answers.results if (row := _row(step, *one))]
    return pa.Table.from_pylist([*found, *refused], schema=SCHEMA)


def _pending(
    session: DuckDBPyConnection, ready: DuckDBPyRelation, before: DuckDBPyRelation | None
) -> DuckDBPyRelation:
    """Return tasks that were not answered to these inputs, those that failed before at the end."""
    if before is None:
        return ready.order("task_id")
    # Both relations are named in the query below (DuckDB finds them by their Python names).
    return session.sql("""
        select ready.*
        from ready left join before on ready.task_id = before.task_id
        where before.task_id is null or before.status = 'failed'
            or before.inputs_hash <> ready.inputs_hash
        order by before.task_id is not null and before.status = 'failed', ready.task_id
    """)


def _part(pending: DuckDBPyRelation, part: Mapping[str, Sequence[str]]) -> DuckDBPyRelation:
    """Keep the tasks of the named part.

    A name counts where it stands in a task's lineage; a task is kept when every column of its
    lineage that holds one of the names does, and at least one does. So a name that is nowhere, such
    as a misspelt one, keeps nothing.
    """
    for kind, names in part.items():
        wanted = [ConstantExpression(name) for name in names]
        columns = [column for column in _LINEAGE[kind] if column in pending.columns]
        held = [column for column in columns
                if pending.filter(ColumnExpression(column).isin(*wanted)).limit(1).fetchone()]  # fmt: skip
        if not held:
            log.info("llm: no pending task has %s among its %s", ", ".join(names), kind)
            return pending.filter("false")
        for column in held:
            pending = pending.filter(ColumnExpression(column).isin(*wanted))
    return pending


def _jobs(pending: DuckDBPyRelation, refused: list[dict[str, Any]]) -> Iterator[Job]:
    """Yield the jobs that can be asked; tasks without enough links become rows of `refused`."""
    for batch in pending.fetch_arrow_reader(_ROWS):
        for row in batch.to_pylist():
            links = row.get("links")
            job = Job(
                values={"concepts": row["concepts"], "links": links, "essay": row.get("essay")},
                prices=_prices(row),
                **{name: row[name] for name in _JOB},
            )
            if links is None or len(links) >= FEWEST_LINKS:
                yield job
            else:
                why = f"{len(links)} links, fewer than {FEWEST_LINKS}: nothing was asked"
                refused.append(_plain(job) | {"status": "refused", "reason": why})


def _prices(row: Mapping[str, Any]) -> tuple[float, float] | None:
    prices = row["input_usd_per_mtok"], row["output_usd_per_mtok"]
    return None if None in prices else prices


def _row(step: str, job: Job, result: Result) -> dict[str, Any] | None:
    """Return the row of a task that was answered or failed; None for one that was not asked."""
    if result.status not in ("ok", "failed"):
        return None
    return _plain(job) | {
        "status": result.status,
        "reason": result.error,
        "response": response(step, result) if result.status == "ok" else None,
        "prompt_hash": result.prompt_hash,
        "tokens_in": result.tokens_in,
        "tokens_out": result.tokens_out,
        "cost_usd": result.cost_usd,
        "seconds": result.seconds,
    }


def _plain(job: Job) -> dict[str, Any]:
    """Return what the row of a task says whatever became of it."""
    return {
        "task_id": job.task_id,
        "model_id": job.model_id,
        "template_id": job.template_id,
        "inputs_hash": job.inputs_hash,
        "model": job.model,
        "run_id": get_invocation_id(),
        "recorded_at": datetime.now(UTC),
    }
