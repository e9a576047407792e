"""Bring the corrections that were made on the page into the warehouse.

    python -m publish.corrections

They take effect at the next build: `make correct` does this, builds what follows and publishes.
"""

import argparse
import logging
import sys
from contextlib import ExitStack

import duckdb

from assay import warehouse
from assay.publish.pocketbase import schema
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.corrections.pull import pull, told
from assay.publish.pocketbase.server import bundled, has_data
from assay.publish.pocketbase.settings import PublishError, other_server, retry_policy
from assay.warehouse import private

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Bring them; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m publish.corrections",
        description="Bring the corrections that editors made on the page into the warehouse, "
        "from the bundled PocketBase or the one that POCKETBASE_URL names.",
    )
    parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    private.warn_once()
    try:
        count = _pull()
    except (PublishError, warehouse.WarehouseError, duckdb.Error, OSError) as error:
        sys.stderr.write(f"publish.corrections: {warehouse.first_line(error)}\n")
        return 1
    sys.stdout.write(f"{told(count)}\n")
    return 0


def _pull() -> int:
    other = other_server()
    if other is None and not has_data():
        return 0  # nothing was ever published, so nobody can have corrected it
    with ExitStack() as stack:
        connection = stack.enter_context(warehouse.duckdb_file(writing=True))
        server = other or stack.enter_context(bundled())
        client = stack.enter_context(Client(server, retry_policy()))
        schema.check_publisher(client, _warehouse_id(connection))
        return pull(client, connection)


def _warehouse_id(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what names this warehouse where it published; "" where it never did."""
    first = "select run_id from gold.sync_runs order by started_at, run_id limit 1"
    try:
        rows = connection.execute(first).fetchall()
    except duckdb.CatalogException:
        return ""
    return str(rows[0][0]) if rows else ""


if __name__ == "__main__":
    sys.exit(main())
