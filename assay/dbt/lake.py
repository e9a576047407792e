"""What dbt-duckdb loads for the target ducklake (profiles.yml): it attaches the lake."""

import logging
import os
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from assay import warehouse
from assay.common import env, lock
from assay.dbt import builder
from assay.forget import tombstones
from assay.warehouse import journal, lake, writer


class Plugin(BasePlugin):
    """Attaches the lake to dbt's DuckDB in memory, and makes its names those of every cursor."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Wait for whoever has a catalog that is a file, saying so."""
        logging.raiseExceptions = False  # as assay/dbt/plugin.py
        # What runs in this process sees the lake, also where only `--target` named it.
        os.environ["ASSAY_TARGET"] = lake.TARGET
        try:
            if env.text("COMPUTE"):
                from assay.dbt import compute  # noqa: PLC0415 - only who sets it needs its part

                compute.check()
            where = warehouse.where_is_lake()
            if where.file:
                where.file.parent.mkdir(parents=True, exist_ok=True)
                writer.keep_until_exit(where.file)
            else:
                builder.alone(where)
        except (
            warehouse.WarehouseError,
            writer.BusyError,
            lock.LockedError,
            lake.LakeError,
            env.EnvironmentValueError,
            OSError,
        ) as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Attach the lake and make the tables that hooks write to."""
        try:
            lake.attach(conn, warehouse.where_is_lake())
        except (warehouse.WarehouseError, lake.LakeError) as error:
            raise DbtRuntimeError(str(error)) from error
        conn.execute(f"use {lake.NAME}")
        for ddl in (journal.DDL, tombstones.DDL, lake.SNAPSHOTS_DDL):
            warehouse.make_tables(conn, ddl)

    def configure_cursor(self, cursor: Any) -> None:
        """Let names without a database mean the lake's."""
        cursor.execute(f"use {lake.NAME}")
