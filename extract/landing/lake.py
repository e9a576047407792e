"""dlt's way into a lake: its own ducklake destination, over the lake that we attach.

dlt opens a DuckDB in memory for each of its connections, some thirty in a load, and attaches the
lake to each, which loads the extensions every time. Here all are connections to one DuckDB in
memory, to which the lake is attached once: one place knows where a lake is
(assay/warehouse/lake.py), and dlt never sees a password.
"""

import logging
import random
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import dlt
import duckdb
from dlt.common.configuration import configspec
from dlt.common.configuration.specs import ConnectionStringCredentials
from dlt.common.destination import Destination
from dlt.common.pipeline import LoadInfo
from dlt.common.storages.configuration import FilesystemConfigurationWithLocalFiles
from dlt.destinations import ducklake
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.impl.ducklake.configuration import (
    DuckLakeClientConfiguration,
    DuckLakeCredentials,
)
from dlt.destinations.impl.ducklake.ducklake import DuckLakeClient
from dlt.destinations.impl.ducklake.sql_client import DuckLakeSqlClient
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineStepFailed

from assay import warehouse
from assay.common import files
from assay.warehouse import appended, lake, private

log = logging.getLogger(__name__)

SHARED = ":memory:assay-lake"  # connections to one name are connections to one DuckDB
BOUNDS = ("memory_limit", "preserve_insertion_order")
TRIES = 20
PAUSE = 0.5  # seconds, and up to twice as long after each conflict, at most MAX_PAUSE
MAX_PAUSE = 8.0
WORKER = "worker.txt"  # in the data folder
_open: list[duckdb.DuckDBPyConnection] = []  # one for each that is in `attached`


@configspec(init=False)
class _Credentials(DuckLakeCredentials):
    def _conn_str(self) -> str:
        return SHARED


@configspec
class _Configuration(DuckLakeClientConfiguration):
    credentials: _Credentials = None


class _SqlClient(DuckLakeSqlClient):
    def close_connection(self) -> None:
        """Give the connection back. dlt's own would detach the lake from all others, too."""
        if self._conn:
            with suppress(duckdb.Error):
                self._conn.execute("rollback")
        DuckDbSqlClient.close_connection(self)


class _Client(DuckLakeClient):
    def __init__(self, schema: dlt.Schema, config: Any, capabilities: Any) -> None:
        super().__init__(schema, config, capabilities)
        self.sql_client = _SqlClient(
            self.sql_client.dataset_name,
            self.sql_client.staging_dataset_name,
            config.credentials,
            capabilities,
        )


class Lake(ducklake):
    """dlt's destination ducklake, whose connections share one DuckDB."""

    @property
    def spec(self) -> type[DuckLakeClientConfiguration]:
        """What configures it."""
        return _Configuration

    @property
    def client_class(self) -> type[DuckLakeClient]:
        """What talks to the lake."""
        return _Client


@contextmanager
def attached() -> Iterator[None]:
    """Keep the lake attached to the DuckDB of dlt's connections.

    Raises WarehouseError where it is not to be had.
    """
    connection = duckdb.connect(SHARED)
    try:
        if not _open:
            lake.attach(connection, warehouse.where_is_lake())
        _open.append(connection)
    except lake.LakeError as error:
        connection.close()
        raise warehouse.WarehouseError(str(error)) from error
    try:
        yield
    finally:
        _open.remove(connection)
        if not _open:
            connection.execute(f"detach {lake.NAME}")
        connection.close()


def destination(settings: dict[str, Any]) -> Destination[Any, Any]:
    """Return dlt's destination for the settings of a ducklake target.

    Raises WarehouseError where they name no lake.
    """
    where = warehouse.where_is_lake()
    # dlt only has to know the kind of the catalog: a file is loaded by one thread, a server by
    # several. It would attach this one if the lake were not attached by then.
    catalog = "postgres://lake@catalog/lake" if where.kind == lake.POSTGRES else "sqlite:///lake"
    credentials = _Credentials(
        lake.NAME,
        catalog=ConnectionStringCredentials(catalog),
        storage=FilesystemConfigurationWithLocalFiles(
            bucket_url=str(warehouse.data_dir() / "dlt") if where.is_remote else where.data
        ),
    )
    credentials.global_config = {name: settings["settings"][name] for name in BOUNDS}
    return Lake(credentials, staging_dataset_name_layout=f"%s_staging_{_worker()}")


def append(resources: Iterable[DltResource]) -> None:
    """Let resources of which a lake keeps what every run brought add their rows to that table."""
    for one in resources:
        if one.name in appended.BY_NAME:
            one.apply_hints(
                table_name=appended.BY_NAME[one.name].table,
                write_disposition="append",
                primary_key="",
                merge_key="",
            )


def load(pipeline: dlt.Pipeline, resources: list[DltResource]) -> LoadInfo:
    """Load resources beside others who load the same tables at the same time, in `attached`.

    Where both replace rows of one table, one of them fails whole, though they share no row; what it
    had extracted waits in its package and is loaded again. Raises dlt's PipelineStepFailed.
    """
    with duckdb.connect(SHARED) as db:
        db.execute(f"use {lake.NAME}")
        has_views = any(one.name in appended.BY_NAME for one in resources)
        if has_views:
            appended.prepare(db)  # tables of an earlier version become those that rows are added to
        info = _loaded(pipeline, resources)
        if has_views:
            appended.prepare(db)
    return info


def _loaded(pipeline: dlt.Pipeline, resources: list[DltResource]) -> LoadInfo:
    pause = PAUSE
    for left in reversed(range(TRIES)):
        try:
            if left == TRIES - 1:
                return pipeline.run(resources, loader_file_format="parquet")
            return pipeline.load()
        except PipelineStepFailed as error:
            if not left or not lake.is_conflict(error):
                raise
            log.info("another loader has changed the same table meanwhile: loading again")
            time.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - so that two do not meet again
            pause = min(2 * pause, MAX_PAUSE)
    raise AssertionError("unreachable")


def _worker() -> str:
    """Return what names this data folder among all that load one lake.

    Two loads that share a staging dataset lose each other's rows; one data folder has one run at a
    time (landing/running.py).
    """
    path = private.folder(warehouse.data_dir()) / WORKER
    if not path.exists() or not path.read_text(encoding="utf-8").strip():
        with files.atomic(path) as file:  # whole or not at all, on a full disk too
            file.write(secrets.token_hex(4).encode())
    return path.read_text(encoding="utf-8").strip()
