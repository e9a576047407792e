"""One step of the prompt experiments inside dbt: which tasks are pending, and the rows they become.

The three Python models of python_models/experiments share it; what is asked and how is
assay.mining.experiments.tasks.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from dbt_common.invocation import get_invocation_id
from duckdb import DuckDBPyRelation

from assay.dbt.progress import show_progress
from assay.dbt.relations import is_among
from assay.mining.experiments.tasks import (
    MIN_LINKS,
    PROMPTS_VERSION,
    Job,
    answer,
    estimate,
    response,
)
from assay.mining.llm import Cache, Result, Settings
from assay.warehouse import data_dir

# The messages of the mining are what a build shows (assay/dbt/progress.py).
log = logging.getLogger("assay.mining.experiments.tasks")

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
_SAMPLE = 100  # tasks from which the cost of those that wait is estimated
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
    ask_again: bool
    part: Mapping[str, tuple[str, ...]]

    @classmethod
    def from_config(cls, text: str) -> "Request":
        """Read the variables that _experiments_intermediate__models.yml hands over as JSON.

        Raises ExperimentError for a value of the wrong kind.
        """
        given = json.loads(text)
        try:
            limit, max_usd = int(given["limit"]), float(given["max_usd"])
        except (TypeError, ValueError) as error:
            raise ExperimentError(
                f"experiment_limit and llm_max_usd are numbers: {error}"
            ) from None
        if limit < 0:
            raise ExperimentError(f"experiment_limit is {limit}: give a number of at least 0")
        part = {name: _names(given[name]) for name in _LINEAGE if given[name]}
        approved, again = (str(given[name]).lower() == "true" for name in ("approved", "ask_again"))
        return cls(approved, max_usd, limit, again, part)


def _names(given: object) -> tuple[str, ...]:
    return tuple(str(one) for one in (given if isinstance(given, list) else [given]))


@dataclass(frozen=True)
class Step:
    """One step of the experiments and the relations it reads.

    name: links, essays or evaluations. tasks: all tasks of the step with their lineage and what
    their prompts are made of; is_ready is false where an answer of the step before is missing.
    parts: what the tasks name by id (int_experiment_parts). before: the rows of earlier runs, None
    when there are none yet.
    """

    name: str
    tasks: DuckDBPyRelation
    parts: DuckDBPyRelation
    before: DuckDBPyRelation | None


def rows(step: Step, request: Request) -> pa.Table:
    """Return a row for each task that was answered, failed or was refused by this run."""
    show_progress()
    tasks = _part(step, request.part)
    parts = _Parts(step.parts)
    settings, refused = Settings.from_environment(), []
    pending = _pending(tasks, step.before)
    [(count,)] = pending.count("*").fetchall()
    with Cache(data_dir() / "llm.sqlite") as cache:
        answers = answer(
            step.name,
            _jobs(pending, parts, refused),
            settings,
            cache,
            approved=request.approved,
            max_usd=request.max_usd,
            run_id=get_invocation_id(),
            limit=request.limit,
            ask_again=request.ask_again,
            done=_done(step.before),
        )
        left = count - len(answers) - len(refused)
        if left:
            log.info(
                "llm: %s: %d more are pending beyond experiment_limit %d",
                step.name,
                left,
                request.limit,
            )
        _say_what_waits(step.name, tasks, parts, settings, cache)
    recorded = [row for one in answers if (row := _row(step.name, *one))]
    return pa.Table.from_pylist([*recorded, *refused], schema=SCHEMA)


def _done(before: DuckDBPyRelation | None) -> int:
    return before.filter("status = 'ok'").count("*").fetchall()[0][0] if before is not None else 0


class _Parts:
    """What tasks name by id: concepts, templates and models, which are few."""

    def __init__(self, relation: DuckDBPyRelation) -> None:
        parts = _dicts(relation)
        self._concepts = {
            one["part_id"]: {"id": one["part_id"], "title": one["title"], "text": one["content"]}
            for one in parts
            if one["kind"] == "concept"
        }
        self._templates, self._models = (
            {one["part_id"]: one for one in parts if one["kind"].endswith(kind)}
            for kind in ("_template", "model")
        )

    def job(self, row: Mapping[str, Any], values: Mapping[str, Any]) -> Job:
        """Return the job of a row, with these values beside its concepts."""
        template, model = self._templates[row["template_id"]], self._models[row["model_id"]]
        prices = model["input_usd_per_mtok"], model["output_usd_per_mtok"]
        return Job(
            task_id=row["task_id"],
            template_id=row["template_id"],
            model_id=row["model_id"],
            inputs_hash=row["inputs_hash"],
            model=model["model"],
            temperature=model["temperature"],
            max_tokens=model["max_tokens"],
            file=template["path"],
            source=template["content"],
            values={"concepts": [self._concepts[one] for one in row["concept_ids"]], **values},
            prices=None if None in prices else prices,
        )


def _dicts(relation: DuckDBPyRelation) -> list[dict[str, Any]]:
    return relation.to_arrow_table().to_pylist()


def _pending(tasks: DuckDBPyRelation, before: DuckDBPyRelation | None) -> DuckDBPyRelation:
    """Return ready tasks without an answer to these inputs; has_failed is true of those that were
    asked before and failed."""
    ready = tasks.filter("is_ready")
    if before is None:
        return ready.project("*, false as has_failed")
    known = before.project("task_id, status as known_status, inputs_hash as known_hash")
    pending = ready.join(known, "task_id", "left").filter(
        "known_status is null or known_status = 'failed' or known_hash <> inputs_hash"
    )
    return pending.project("*, coalesce(known_status = 'failed', false) as has_failed")


def _part(step: Step, part: Mapping[str, Sequence[str]]) -> DuckDBPyRelation:
    """Keep the tasks of the named part.

    A name counts where it stands in the lineage of this step's tasks; a task is kept when each
    column that holds one of the names there does so here. A name that is nowhere, such as a
    misspelt one, keeps nothing.
    """
    # What is said beside the templates is a part of what an answer depends on.
    version = f"md5(concat_ws(' ', '{PROMPTS_VERSION}', inputs)) as inputs_hash"
    tasks = step.tasks.project(f"* exclude (inputs), {version}")
    for kind, names in part.items():
        named = [
            column
            for column in _LINEAGE[kind]
            if column in step.tasks.columns and _holding(step.tasks, column, names).fetchone()
        ]
        if not named:
            log.info("llm: %s: no task has %s among its %s", step.name, ", ".join(names), kind)
            return tasks.filter("false")
        for column in named:
            tasks = _holding(tasks, column, names)
    return tasks


def _holding(relation: DuckDBPyRelation, column: str, names: Sequence[str]) -> DuckDBPyRelation:
    return relation.filter(is_among(column, names))


def _jobs(pending: DuckDBPyRelation, parts: _Parts, refused: list[dict[str, Any]]) -> Iterator[Job]:
    """Yield the jobs that can be asked; tasks without enough links become rows of `refused`."""
    # Those that failed before come last.
    for batch in pending.order("has_failed, task_id").fetch_arrow_reader(_ROWS):
        for row in batch.to_pylist():
            links = row.get("links")
            job = parts.job(row, {"links": links, "essay": row.get("essay")})
            if links is None or len(links) >= MIN_LINKS:
                yield job
            else:
                why = f"{len(links)} links, fewer than {MIN_LINKS}: nothing was asked"
                refused.append(_plain(job) | {"status": "refused", "reason": why})


def _say_what_waits(
    name: str, tasks: DuckDBPyRelation, parts: _Parts, settings: Settings, cache: Cache
) -> None:
    """Tell about what the tasks would cost that wait for an answer of the step before."""
    waiting = tasks.filter("not is_ready")
    [(count,)] = waiting.count("*").fetchall()
    if not count:
        return
    some = _dicts(waiting.order("task_id").limit(_SAMPLE))  # in the order of a hash: by chance
    planned = estimate(name, [parts.job(row, {}) for row in some], settings, cache)
    share = count / len(some)
    cost = "unknown" if planned is None else f"about ${planned * share:.4f}"
    log.info(
        "llm: %s: %d tasks wait for the step before them; estimated once they have it: %s",
        name,
        count,
        cost,
    )


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
