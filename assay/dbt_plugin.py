"""What dbt-duckdb loads before it opens the warehouse (profiles.yml): it waits for its turn."""

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from duckdb import DuckDBPyConnection

from assay import journal, writer


class Plugin(BasePlugin):
    """Takes the warehouse for this dbt process, until it ends (assay/writer.py)."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Wait for whoever has the warehouse, saying so."""
        try:
            writer.keep_until_exit(self.creds.path)
        except writer.BusyError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Make the table of the journal where it is missing: dbt's hooks write to it."""
        conn.execute(journal.DDL)
