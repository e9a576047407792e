"""What dbt-duckdb loads before it opens the warehouse (profiles.yml): it waits for its turn."""

import logging
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from assay.common import env
from assay.dbt import after_build
from assay.forget import tombstones
from assay.warehouse import journal, writer


class Plugin(BasePlugin):
    """Takes the warehouse for this dbt process, until it ends (assay/warehouse/writer.py)."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Wait for whoever has the warehouse, saying so."""
        # On a full disk dbt's log takes nothing, and logging would print a traceback for each line;
        # the line that names the cause is on the terminal.
        logging.raiseExceptions = False
        try:
            if env.text("COMPUTE"):
                from assay.dbt import compute  # noqa: PLC0415 - only who sets it needs its part

                compute.check()
            self._publishes = after_build.is_on()
            if self._publishes:
                after_build.register()
            writer.keep_until_exit(self.creds.path)
        except (writer.BusyError, env.EnvironmentValueError) as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Make the tables of the journal, which dbt's hooks write to, and of what was taken back,
        which a warehouse of an earlier version lacks; clear up after the killed.

        What dbt made for a moment in schema main and a killed dbt left there is nobody's: the only
        dbt at work is this one.
        """
        conn.execute(journal.DDL)
        conn.execute(tombstones.DDL)
        if self._publishes:
            after_build.offer(conn)
        left = conn.execute(
            "select table_name from duckdb_tables() where database_name = current_database() "
            "and schema_name = 'main' and contains(table_name, '__dbt_tmp')"
        ).fetchall()
        for (table,) in left:
            conn.execute('drop table main."{}"'.format(table.replace('"', '""')))
