"""From a run folder into the bronze tables, as Arrow batches through dlt.

dlt normalizes Python dictionaries value by value, which costs more than all the rest together
(docs/decisions/arrow-into-dlt.md). DuckDB reads the JSON file instead, in batches, and dlt takes
those as they are; memory stays the same however long the file is.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.runtime.collector_base import Collector
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from assay import warehouse
from assay.extract.landing import postgres
from assay.extract.landing.run_folder import RunFolder
from assay.runs import journal
from assay.warehouse import private, writer

log = logging.getLogger(__name__)

BATCH_ROWS = 50_000
SCHEMAS = ("bronze", "bronze_staging")  # dlt's dataset and its staging
BOUNDS = ("memory_limit", "preserve_insertion_order")
UTC_TIME = pa.timestamp("us", tz="UTC")

MODELS = pa.schema(
    [
        pa.field("task_id", pa.string(), nullable=False),
        pa.field("model_id", pa.string(), nullable=False),
        pa.field("author", pa.string()),
        pa.field("pipeline_tag", pa.string()),
        pa.field("library_name", pa.string()),
        pa.field("gated", pa.string()),
        pa.field("tags", pa.string()),
        pa.field("likes", pa.int64()),
        pa.field("downloads", pa.int64()),
        pa.field("seq", pa.int64()),
        pa.field("is_listed", pa.bool_()),
        pa.field("is_private", pa.bool_()),
        pa.field("hub_created_at", UTC_TIME),
        pa.field("last_modified", UTC_TIME),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("observed_at", UTC_TIME, nullable=False),
    ]
)
TASKS = pa.schema(
    [
        pa.field("task_id", pa.string(), nullable=False),
        pa.field("task_label", pa.string()),
        pa.field("summary", pa.string()),
        pa.field("raw", pa.string()),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("observed_at", UTC_TIME, nullable=False),
    ]
)
LISTINGS = pa.schema(
    [
        pa.field("task_id", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("models", pa.int64()),
        pa.field("limit_per_task", pa.int64()),
        pa.field("pages", pa.int64()),
        pa.field("readings", pa.int64()),
        pa.field("repeats", pa.int64()),
        pa.field("late", pa.int64()),
        pa.field("asked", pa.int64()),
        pa.field("skipped", pa.int64()),
        pa.field("settled", pa.bool_()),
        pa.field("observed_at", UTC_TIME, nullable=False),
    ]
)

# What the API calls things, read loosely: a number or time of an unexpected type becomes null, a
# text its JSON, never a failed load. `gated` is false or a word.
_MODEL_KEYS = {
    "_task_id": "VARCHAR",
    "_seq": "BIGINT",
    "id": "VARCHAR",
    "author": "VARCHAR",
    "pipeline_tag": "VARCHAR",
    "library_name": "VARCHAR",
    "gated": "VARCHAR",
    "tags": "JSON",
    "likes": "VARCHAR",
    "downloads": "VARCHAR",
    "private": "VARCHAR",
    "createdAt": "VARCHAR",
    "lastModified": "VARCHAR",
    "_left": "BOOLEAN",
}
_MODELS_SQL = """
    select
        _task_id as task_id,
        id as model_id,
        coalesce(nullif(author, ''), nullif(split_part(id, '/', -2), '')) as author,
        nullif(pipeline_tag, '') as pipeline_tag,
        nullif(library_name, '') as library_name,
        gated,
        tags::varchar as tags,
        try_cast(likes as bigint) as likes,
        try_cast(downloads as bigint) as downloads,
        _seq as seq,
        _left is null as is_listed,
        try_cast(private as boolean) as is_private,
        nullif(try_cast(createdAt as timestamptz), 'infinity') as hub_created_at,
        nullif(try_cast(lastModified as timestamptz), 'infinity') as last_modified,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from read_json($path, format = 'array', columns = {keys})
""".replace("{keys}", repr(_MODEL_KEYS))
_TASKS_SQL = """
    select
        json ->> '$.id' as task_id,
        coalesce(json ->> '$.label', json ->> '$.id') as task_label,
        json ->> '$.summary' as summary,
        json::varchar as raw,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from read_json_objects($path, format = 'array')
"""


def load_catalog(folder: RunFolder, target: str, progress: Collector) -> None:
    """Load the catalog files of one run folder into bronze of `target` (duckdb or postgres).

    The rows of every task in the folder replace that task's rows, so loading twice changes
    nothing. Raises dlt's PipelineStepFailed when the destination refuses.
    """
    started = time.monotonic()
    pipeline = open_pipeline("hf_catalog", target, progress)
    resources = [
        resource("hf_tasks", TASKS, ["raw"], read(folder, "hf_tasks.json", _TASKS_SQL, TASKS)),
        resource(
            "hf_models", MODELS, ["tags"], read(folder, "hf_models.json", _MODELS_SQL, MODELS)
        ),
        resource("hf_task_listings", LISTINGS, [], iter([_listings(folder)])),
    ]
    run(pipeline, resources, target)
    log.info(
        "loaded %s into bronze of %s in %.1f s", folder.run_id, target, time.monotonic() - started
    )


def open_pipeline(name: str, target: str, progress: Collector) -> dlt.Pipeline:
    """Return dlt's pipeline into bronze, without what a killed run may have left of it."""
    pipeline = dlt.pipeline(
        name, destination=destination(target), dataset_name="bronze", progress=progress
    )
    if pipeline.has_pending_data:
        # What is loaded now is newer than what was left, or the same.
        log.warning("a killed run left load packages behind: dropped, its run folder is kept")
        pipeline.abort_packages()
    if pipeline.default_schema_name and not _knows(pipeline, target):
        # dlt would take the tables for made where it finds a schema, made beforehand, for them.
        log.info("%s is new to this database: all tables are made", name)
        pipeline = pipeline.drop()
    return pipeline


def _knows(pipeline: dlt.Pipeline, target: str) -> bool:
    """Tell whether the database has ever been loaded by this pipeline."""
    with turn(target), pipeline.destination_client() as client:
        try:
            return client.get_stored_schema(pipeline.default_schema_name) is not None
        except DestinationUndefinedEntity:
            return False


def run(pipeline: dlt.Pipeline, resources: Any, target: str) -> None:
    """Load resources, when it is our turn to have the warehouse.

    Raises dlt's PipelineStepFailed when the destination refuses.
    """
    _admit_new_columns(pipeline, resources if isinstance(resources, list) else [resources])
    with turn(target), _held_open(target):
        info = pipeline.run(
            resources, loader_file_format="parquet" if target == "duckdb" else "csv"
        )
        if step := journal.current():
            step.load_ids += info.loads_ids
        info.raise_on_failed_jobs()


def _admit_new_columns(pipeline: dlt.Pipeline, resources: list[Any]) -> None:
    """Let a table that an earlier version made get the columns that this one declares.

    Columns are frozen (table.py): what nobody declared does not come in with the data.
    """
    if not pipeline.default_schema_name:
        return
    made = pipeline.default_schema.tables
    for one in resources:
        known = made.get(one.name, {}).get("columns")
        if known and one.columns.keys() - known.keys():
            one.apply_hints(schema_contract={"columns": "evolve"})


def turn(target: str) -> AbstractContextManager[None]:
    """Return the turn to have a DuckDB warehouse; a Postgres takes any number at once."""
    settings = warehouse.output(target)
    return writer.exclusive(settings["path"]) if settings["type"] == "duckdb" else nullcontext()


@contextmanager
def _held_open(target: str) -> Iterator[None]:
    """Keep a DuckDB file open: dlt opens and closes it some thirty times in a load, and what is
    open in a process already opens at once."""
    settings = warehouse.output(target)
    if settings["type"] != "duckdb":
        yield
        return
    with duckdb.connect(settings["path"]):
        yield


def destination(target: str) -> Destination[Any, Any]:
    """Return dlt's destination for one target of profiles.yml."""
    settings = warehouse.output(target)
    if settings["type"] == "duckdb":
        private.folder(Path(settings["path"]).parent)
        # The same bounds as dbt's (profiles.yml): memory stays the same however much is loaded.
        bounds = {key: settings["settings"][key] for key in BOUNDS}
        credentials = DuckDbCredentials(settings["path"])
        credentials.global_config = bounds
        return dlt.destinations.duckdb(credentials)
    return dlt.destinations.postgres(postgres.credentials(settings))


def resource(
    name: str,
    schema: pa.Schema,
    json_columns: list[str],
    data: Iterator[Any],
    *,
    merge_key: str | Sequence[str] = "task_id",
    hard_delete: str | None = None,
) -> Any:
    """Make the dlt resource of one bronze table; its rows replace those with the same merge key.

    hard_delete: a boolean column; a row where it is true only deletes.
    """
    columns: dict[str, Any] = {field.name: {"nullable": field.nullable} for field in schema}
    for column in json_columns:
        columns[column]["data_type"] = "json"
    if hard_delete:
        columns[hard_delete]["hard_delete"] = True
    return dlt.resource(
        data,
        name=name,
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
        merge_key=merge_key,
        columns=columns,
    )


def read(folder: RunFolder, name: str, sql: str, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield one raw file of the folder as tables of `schema`, BATCH_ROWS rows each."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        reader = connection.execute(
            sql,
            {
                "run_id": folder.run_id,
                "observed_at": folder.started_at,
                "path": str(folder.path / name),
            },
        ).to_arrow_reader(BATCH_ROWS)
        yield from tables(reader, schema)


def tables(batches: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield what a query finds as tables of `schema`, first an empty one: dlt makes the bronze
    table even when there is no row."""
    yield schema.empty_table()
    for batch in batches:
        yield pa.Table.from_batches([batch]).cast(schema)


def _listings(folder: RunFolder) -> pa.Table:
    observed_at: datetime = folder.started_at
    rows = [
        {
            **listing,
            "limit_per_task": listing["limit"],
            "run_id": folder.run_id,
            "observed_at": observed_at,
        }
        for listing in folder.manifest["listings"]
    ]
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in LISTINGS.names} for row in rows], schema=LISTINGS
    )
