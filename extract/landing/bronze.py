"""From a run folder into the bronze tables, as Arrow batches through dlt.

dlt normalizes Python dictionaries value by value, which costs more than all the rest together
(docs/decisions/arrow-into-dlt.md). DuckDB reads the JSON file instead, in batches, and dlt takes
those as they are; memory stays the same however long the file is.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.pipeline import LoadInfo
from dlt.common.runtime.collector_base import Collector
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

from assay import warehouse
from assay.extract.landing import postgres
from assay.extract.landing.run_folder import RunFolder
from assay.extract.landing.table import BATCH_ROWS, BronzeTable
from assay.warehouse import journal, private, writer

log = logging.getLogger(__name__)

SCHEMAS = ("bronze", "bronze_staging")  # dlt's dataset and its staging
BOUNDS = ("memory_limit", "preserve_insertion_order")


def open_pipeline(name: str, target: str, progress: Collector) -> dlt.Pipeline:
    """Return dlt's pipeline into bronze, without what a killed run may have left of it."""
    pipeline = dlt.pipeline(
        name,
        destination=destination(target),
        dataset_name=warehouse.schema("bronze", target),
        progress=progress,
    )
    if pipeline.has_pending_data:
        # What is loaded now is newer than what was left, or the same.
        log.warning("a killed run left load packages behind: dropped, its run folder is kept")
        pipeline.abort_packages()
    if not pipeline.default_schema_name:
        # Here is nothing of earlier loads, as on another machine; the database knows its tables.
        with turn(target):
            pipeline.sync_destination()
    if pipeline.default_schema_name and not _knows(pipeline, target):
        # dlt would take the tables for made where it finds a schema, made beforehand, for them.
        log.info("%s is new to this database: all tables are made", name)
        pipeline = pipeline.drop()
    elif pipeline.default_schema_name:
        _mend(pipeline, target)
    return pipeline


def _mend(pipeline: dlt.Pipeline, target: str) -> None:
    """Make tables anew that somebody dropped; dlt takes those that it once made for there."""
    with turn(target), pipeline.destination_client() as client:
        gone = _gone(pipeline, client)
        if gone:
            client.update_stored_schema(only_tables=gone, force=True)
            log.warning(
                "%s is gone from the database and is made anew, empty: `dlt pipeline %s run` "
                "brings its rows back, days of posts that are done with --refresh",
                " and ".join(f"bronze.{table}" for table in gone),
                pipeline.pipeline_name,
            )
        with client.with_staging_dataset():
            if client.is_storage_initialized() and (gone := _gone(pipeline, client)):
                client.update_stored_schema(only_tables=gone, force=True)


def _gone(pipeline: dlt.Pipeline, client: Any) -> list[str]:
    """Return the pipeline's tables that hold data by its own account and are not there."""
    wanted = pipeline.default_schema.data_table_names(seen_data_only=True)
    return [name for name, columns in client.get_storage_tables(wanted) if not columns]


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
    wanted = resources if isinstance(resources, list) else [resources]
    if warehouse.is_lake(warehouse.output(target)):
        from assay.extract.landing import lake  # noqa: PLC0415 - only who sets a lake needs it

        lake.append(wanted)
    _admit_new_columns(pipeline, wanted)
    with turn(target), _held_open(target):
        info = _loaded(pipeline, wanted, target)
        if step := journal.current():
            step.load_ids += info.loads_ids
        info.raise_on_failed_jobs()


def _loaded(pipeline: dlt.Pipeline, resources: list[Any], target: str) -> LoadInfo:
    if warehouse.is_lake(warehouse.output(target)):
        from assay.extract.landing import lake  # noqa: PLC0415 - only who sets a lake needs it

        return lake.load(pipeline, resources)
    return pipeline.run(resources, loader_file_format="parquet" if target == "duckdb" else "csv")


def _admit_new_columns(pipeline: dlt.Pipeline, resources: list[Any]) -> None:
    """Let a table that an earlier version made get the columns that this one declares.

    Columns are frozen (table.py): what nobody declared does not come in with the data.
    """
    if not pipeline.default_schema_name:
        return
    made = pipeline.default_schema.tables
    for one in resources:
        known = made.get(one.table_name, {}).get("columns")
        if known and one.columns.keys() - known.keys():
            one.apply_hints(schema_contract={"columns": "evolve"})


@contextmanager
def turn(target: str, *, held: bool = True) -> Iterator[None]:
    """Have the turn to use a DuckDB warehouse or a lake whose catalog is a file; a Postgres takes
    any number at once, as a warehouse and as the catalog of a lake.

    held: whether a lake is attached meanwhile, for dlt's connections.
    """
    settings = warehouse.output(target)
    file = warehouse.main_file() if settings["type"] == "duckdb" else None
    with ExitStack() as stack:
        if file:
            stack.enter_context(writer.exclusive(file))
        if held and warehouse.is_lake(settings):
            from assay.extract.landing import lake  # noqa: PLC0415 - only who sets a lake needs it

            stack.enter_context(lake.attached())
        yield


@contextmanager
def _held_open(target: str) -> Iterator[None]:
    """Keep a DuckDB file open: dlt opens and closes it some thirty times in a load, and what is
    open in a process already opens at once."""
    settings = warehouse.output(target)
    if settings["type"] != "duckdb" or warehouse.is_lake(settings):
        yield
        return
    with duckdb.connect(settings["path"]):
        yield


def destination(target: str) -> Destination[Any, Any]:
    """Return dlt's destination for one target of profiles.yml."""
    settings = warehouse.output(target)
    if warehouse.is_lake(settings):
        from assay.extract.landing import lake  # noqa: PLC0415 - only who sets a lake needs it

        return lake.destination(settings)
    if settings["type"] == "duckdb":
        private.folder(Path(settings["path"]).parent)
        # The same bounds as dbt's (profiles.yml): memory stays the same however much is loaded.
        bounds = {key: settings["settings"][key] for key in BOUNDS}
        credentials = DuckDbCredentials(settings["path"])
        credentials.global_config = bounds
        return dlt.destinations.duckdb(credentials)
    return dlt.destinations.postgres(postgres.credentials(settings))


def read(
    folder: RunFolder,
    name: str,
    sql: str,
    table: BronzeTable,
    bound: Mapping[str, Any] | None = None,
) -> Iterator[pa.Table]:
    """Yield one raw file of the folder as rows of a bronze table, BATCH_ROWS at once.

    bound: further parameters of the query, beside run_id, observed_at and path.
    """
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        reader = connection.execute(
            sql,
            {
                "run_id": folder.run_id,
                "observed_at": folder.started_at,
                "path": str(folder.path / name),
                **(bound or {}),
            },
        ).to_arrow_reader(BATCH_ROWS)
        yield from table.batches(reader)
