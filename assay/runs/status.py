"""`make status`: what is loaded, how fresh, what ran, what failed, what waits for approval.

Looks only: it starts nothing, asks nobody, and does not wait for a command that is at work.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import psycopg2

from assay import warehouse
from assay.common.show import duration, table
from assay.common.text import shorten
from assay.mining.llm.cache import Cache, Failure, Waiting
from assay.warehouse import journal, writer

WAIT = 2.0  # seconds for a command that has nearly ended
RUNS_SHOWN = 6
MAX_ERROR = 60  # characters
FAILED, NOTHING = "FAILED", "nothing"

# What a person looks for, in the order in which it is made. Tables that are missing are left out.
TABLES = (
    "hf.models",
    "hf.model_tasks",
    "hf.datasets",
    "hf.articles",
    "hf.base_models",
    "bronze.raw_items",
    "silver.documents",
    "gold.issues",
    "gold.issue_evidence",
    "gold.live_issues",
    "experiments.evaluation_responses",
)
FRESHNESS_SQL = """
    select
        pipeline,
        string_agg(part, ', ' order by part) filter (where not is_fresh) as stale,
        max(loaded_at) as loaded_at,
        max(newest_at) as newest_at,
        max(expected_hours) as expected_hours
    from gold.freshness
    group by pipeline order by pipeline
"""
RUNS_SQL = """
    select
        run_id,
        string_agg(kind || ' ' || name, ', ' order by started_at) as steps,
        min(started_at) as started_at,
        max(finished_at) as finished_at,
        count(*) filter (where status = 'done') as done,
        count(*) as steps_begun
    from gold.pipeline_runs
    group by run_id order by min(started_at) desc limit %s
"""
# The last word of every step: what failed and was done again since is no trouble any more.
TROUBLE_SQL = """
    with last as (
        select kind, name, status, error, started_at
        from gold.pipeline_runs
        qualify row_number() over (partition by kind, name order by started_at desc) = 1
    )
    select * from last where status in ('failed', 'killed') order by started_at desc
"""
# Listings that nobody accepted and that no later one of the task has replaced.
APART_SQL = """
    select run_id, count(*), min(task_id || ': ' || apart)
    from bronze.hf_task_listings as listing
    where apart is not null and not exists (
        select 1 from bronze.hf_task_listings as later
        where later.task_id = listing.task_id
            and later.apart is null and later.observed_at > listing.observed_at
    )
    group by run_id order by run_id
"""
APART_COLUMN_SQL = """
    select 1 from information_schema.columns
    where table_schema = %s and table_name = 'hf_task_listings' and column_name = 'apart'
"""
# What the last run of the catalog set aside, by reason.
REJECTED_SQL = """
    select reason, count(*)
    from bronze.hf_rejected
    where run_id = (
        select run_id from bronze.hf_task_listings order by observed_at desc, run_id desc limit 1
    )
    group by reason order by count(*) desc, reason
"""
# Postgres has neither gold.freshness nor the journal: which tables say when a pipeline last read
# its source, and after how many hours that is stale.
READ = {
    "hf_catalog": (36, ("hf.models",)),
    "hf_enrichment": (720, ("hf.datasets", "hf.articles", "hf.base_models")),
}
UNSURE_SQL = "select count(*) from ops.told where status in ('telling', 'unsure')"
# Corrections that change nothing, for a person to look at.
IDLE_SQL = """
    select count(*) from gold.corrections where state in ('unknown', 'refused', 'without_effect')
"""
REFUSED_SQL = "select count(*) from gold.live_issues where status = 'refused'"


@dataclass(frozen=True)
class Section:
    """A heading and its lines."""

    heading: str
    lines: list[str]


def main(argv: list[str] | None = None) -> int:
    """Print the status; return the process's exit code: 0, whatever the status is."""
    argparse.ArgumentParser(prog="make status", description=__doc__).parse_args(argv)
    path = warehouse.main_file()
    in_postgres = warehouse.output()["type"] == "postgres"
    sections = [Section("", [_headline(path)])]
    if in_postgres:
        sections += _of_postgres()
    if path is None or path.exists() or not in_postgres:
        sections += _of_duckdb(path)
    _add_failures(sections, _paid_in_vain())
    sections += [_unfinished(), _waiting(), _advice()]
    sys.stdout.write("\n".join(_lines(sections)) + "\n")
    return 0


def _of_duckdb(path: Path | None) -> list[Section]:
    try:
        with warehouse.duckdb_file(writing=False, wait=WAIT) as connection:
            return _of_warehouse(warehouse.Warehouse(connection))
    except (warehouse.WarehouseError, duckdb.Error) as error:
        at_work = writer.owner(path) if path else None
        told = f"{at_work} is at work: ask again when it has ended" if at_work else str(error)
        return [Section("NOW", [told])]


def _of_postgres() -> list[Section]:
    """Return what the catalog's tables in Postgres tell; posts and the journal are in DuckDB."""
    settings = warehouse.output()
    where = f"POSTGRES: {settings['dbname']} at {settings['host']}"
    try:
        with warehouse.connect() as db:
            loaded, *more = _of_warehouse(db)
            return [Section(where, loaded.lines), *more, Section("FRESH THERE", _read(db))]
    except (warehouse.WarehouseError, psycopg2.Error) as error:
        return [Section(where, [warehouse.first_line(error)])]


def _read(db: warehouse.Warehouse) -> list[str]:
    """Tell when the pipelines that load Postgres last read their sources, the stalest part."""
    there = _tables(db)
    lines = []
    for pipeline, (hours, tables) in READ.items():
        times = [
            moment
            for name in tables
            if name in there
            for (moment,) in db.rows(f"select max(last_synced_at) from {name}")  # noqa: S608
            if moment is not None
        ]
        if times:
            old = (datetime.now(UTC) - min(times)).total_seconds() > hours * 3600
            lines.append(_fresh(pipeline, pipeline if old else None, min(times), None, hours))
    return lines or ["nothing loaded"]


def _tables(db: warehouse.Warehouse) -> set[str]:
    return {
        f"{schema.removeprefix(db.prefix)}.{name}"
        for schema, name in db.rows(
            "select table_schema, table_name from information_schema.tables"
        )
        if schema.startswith(db.prefix)
    }


def _headline(path: Path | None) -> str:
    mark = warehouse.data_dir() / warehouse.ORIGIN
    origin = mark.read_text(encoding="utf-8").strip() if mark.exists() else "live"
    if path is None:
        place = "a lake, its catalog in Postgres"
    else:
        size = f"{path.stat().st_size / 1e6:,.0f} MB" if path.exists() else "not there yet"
        place = f"{_shown(path)} ({size})"
    return f"{place}, {origin} data; it is {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def _of_warehouse(db: warehouse.Warehouse) -> list[Section]:
    """Return what the tables tell; what is not built is left out."""
    there = _tables(db)
    counts = [
        (name, f"{db.rows(f'select count(*) from {name}')[0][0]:,}")  # noqa: S608
        for name in TABLES
        if name in there
    ]
    loaded = list(table(counts, "<>", least=(32, 10)))
    sections = [Section("LOADED", loaded or ["nothing: run `make run`"])]
    if db.rows(APART_COLUMN_SQL, (f"{db.prefix}bronze",)):
        sections.append(Section("KEPT APART", [_apart(*row) for row in db.rows(APART_SQL)]))
    if "bronze.hf_rejected" in there and (odd := db.rows(REJECTED_SQL)):
        said = ", ".join(f"{count:,} {reason}" for reason, count in odd)
        sections.append(Section("SET ASIDE", [f"{said}: hf.rejected says what and why"]))
    if "gold.freshness" in there:
        rows = db.rows(FRESHNESS_SQL)
        sections.append(Section("FRESH", [_fresh(*row) for row in rows] or ["nothing loaded"]))
    if "gold.pipeline_runs" in there:
        runs = [_run(row) for row in db.rows(RUNS_SQL, (RUNS_SHOWN,))]
        sections.append(Section("RUNS", runs or ["none"]))
        trouble = [_trouble(*row) for row in db.rows(TROUBLE_SQL)]
        if "gold.live_issues" in there and (refused := db.rows(REFUSED_SQL)[0][0]):
            trouble.append(f"PocketBase refused {refused:,} issues: gold.live_issues says why")
        if "gold.corrections" in there and (idle := db.rows(IDLE_SQL)[0][0]):
            trouble.append(f"{idle:,} corrections change nothing: gold.corrections says why")
        if "ops.told" in there and (unsure := db.rows(UNSURE_SQL)[0][0]):
            trouble.append(
                f"{unsure:,} things may have been told when a run was killed, and are not told "
                "twice: python -m publish.tell --again"
            )
        sections.append(Section(FAILED, trouble or [NOTHING]))
    return sections


def _fresh(
    pipeline: str, stale: str | None, loaded: datetime, newest: datetime | None, hours: int
) -> str:
    state = f"STALE: {stale}" if stale else "fresh"
    data = f", data up to {newest:%Y-%m-%d %H:%M}" if newest else ""
    allowed = duration(hours * 3600)
    return f"{pipeline:<14} read {_ago(loaded):>10} ago (at most {allowed}){data}: {state}"


def _run(row: tuple[Any, ...]) -> str:
    run_id, steps, started, finished, done, begun = row
    took = f"{(finished - started).total_seconds():,.0f} s" if finished else "no end"
    state = "done" if done == begun else f"{begun - done} of {begun} steps not done"
    return f"{started:%Y-%m-%d %H:%M}  {took:>8}  {state}: {steps}  [{run_id}]"


def _apart(run_id: str, listings: int, example: str) -> str:
    folder = _shown(warehouse.data_dir() / "raw" / "hf" / run_id)
    more = f" and {listings - 1} more" if listings > 1 else ""
    return (
        f"{_cut(example)}{more}; to accept: "
        f"dlt pipeline hf_catalog run --accept --run-folder {folder}"
    )


def _trouble(kind: str, name: str, status: str, error: str | None, started: datetime) -> str:
    why = f": {_cut(error)}" if error else ""
    return f"{kind} {name} {status} at {started:%Y-%m-%d %H:%M}{why}"


def _unfinished() -> Section:
    """Name the run folders that were read and are not loaded."""
    lines = []
    for manifest in sorted((warehouse.data_dir() / "raw").glob("*/*/manifest.json")):
        try:
            state: Any = orjson.loads(manifest.read_bytes())
            status, error = str(state["status"]), state.get("error")
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            status, error = "unreadable", None
        if status not in ("loaded", "enriched"):
            why = f": {_cut(str(error))}" if error else ""
            lines.append(f"{_shown(manifest.parent)} {status}{why}")
    more = [f"and {len(lines) - 5:,} older ones"] if len(lines) > 5 else []
    return Section("READ, NOT LOADED", lines[-5:] + more)


def _waiting() -> Section:
    """Tell what language models would be asked, and what that costs."""
    path = warehouse.data_dir() / "llm.sqlite"
    if not path.exists():
        return Section("WAITING FOR APPROVAL", [NOTHING])
    with Cache(path) as cache:
        found = cache.waiting()
    if not found:
        return Section("WAITING FOR APPROVAL", [NOTHING])
    command = "dbt build --select tag:llm+ --vars '{approve_llm: true, llm_max_usd: 1}'"
    return Section("WAITING FOR APPROVAL", [*map(_question, found), f"to approve: {command}"])


def _paid_in_vain() -> list[str]:
    """Tell what language models were paid for without an answer that can be used."""
    path = warehouse.data_dir() / "llm.sqlite"
    if not path.exists():
        return []
    with Cache(path) as cache:
        found = cache.failures()
    given = "{approve_llm: true, llm_max_usd: 1, llm_ask_again: true}"
    command = f"dbt build --select tag:llm+ --vars '{given}'"
    return [*map(_failure, found), *([f"to ask again: {command}"] if found else [])]


def _failure(one: Failure) -> str:
    return (
        f"{one.purpose}: {one.questions:,} questions cost ${one.cost_usd:.4f} in vain and are not "
        f"asked again ({one.model}): {_cut(one.error)}"
    )


def _add_failures(sections: list[Section], lines: list[str]) -> None:
    """Add lines to what failed in the warehouse, in place of its "nothing"."""
    failed = next((section for section in sections if section.heading == FAILED), None)
    if failed is None and lines:
        sections.append(Section(FAILED, lines))
    elif failed is not None and lines:
        failed.lines[:] = [line for line in failed.lines if line != NOTHING] + lines


def _question(one: Waiting) -> str:
    cost = "price unknown" if one.cost_usd is None else f"about ${one.cost_usd:.4f}"
    model = one.model or "no LLM_MODEL is set"
    return (
        f"{one.purpose}: {one.pending:,} questions, {one.prompt_tokens:,} prompt tokens, "
        f"{cost} ({model})"
    )


def _advice() -> Section:
    log = warehouse.data_dir() / "logs" / journal.FILE
    return Section("LOG", [f"{_shown(log)}, a JSON object a line; run_id and step_id join it"])


def _lines(sections: list[Section]) -> Iterator[str]:
    for section in sections:
        if section.heading and section.lines:
            yield section.heading
        indent = "  " if section.heading else ""
        yield from (f"{indent}{line}" for line in section.lines)


def _ago(moment: datetime) -> str:
    return duration((datetime.now(UTC) - moment).total_seconds())


def _cut(text: str) -> str:
    """Return a message of any origin as a short piece of one line."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return shorten(line, MAX_ERROR)


def _shown(path: Path) -> str:
    inside = path.is_relative_to(warehouse.ROOT)
    return os.fspath(path.relative_to(warehouse.ROOT) if inside else path)


if __name__ == "__main__":
    sys.exit(main())
