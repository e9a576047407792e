"""Corrections from PocketBase into the warehouse, and what became of them back to PocketBase."""

import logging
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from assay import warehouse
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.corrections.door import CORRECTIONS

log = logging.getLogger(__name__)

# Ours and not dlt's: rows are added and never replaced, whatever becomes of the server.
_DDL = """
create schema if not exists bronze;
create table if not exists bronze.page_corrections (
    correction_id varchar, issue_id varchar, kind varchar, value varchar, url_hash varchar,
    who varchar, why varchar, made_at timestamptz, pulled_at timestamptz
);
"""
_TEXTS = ("issue_id", "kind", "value", "url_hash", "who", "why")
_TABLE = pa.schema(
    [
        pa.field("correction_id", pa.string()),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        pa.field("made_at", pa.timestamp("us", "UTC")),
        pa.field("pulled_at", pa.timestamp("us", "UTC")),
    ]
)
_FIELDS = f"id,{','.join(_TEXTS)},made_at"


def pull(client: Client, connection: duckdb.DuckDBPyConnection) -> int:
    """Add the corrections that bronze.page_corrections does not have; return how many those are.

    A server without the collection has none. What is in bronze stays there, also when the server
    was emptied.
    """
    db = warehouse.cursor(connection)
    db.execute("set timezone = 'UTC'")
    warehouse.make_tables(db, _DDL)
    if client.find(f"/api/collections/{CORRECTIONS}") is None:
        return 0
    found = list(client.records(CORRECTIONS, _FIELDS))
    now = datetime.now(UTC)
    table = pa.Table.from_pylist([_row(record, now) for record in found], schema=_TABLE)
    db.register("pulled", table)
    [(count,)] = db.execute(
        "insert into bronze.page_corrections by name select * from pulled as one "
        "where one.correction_id not in (select known.correction_id "
        "from bronze.page_corrections as known)"
    ).fetchall()
    db.unregister("pulled")
    return int(count)


def _row(record: dict[str, Any], now: datetime) -> dict[str, Any]:
    texts = {name: str(record[name]) or None for name in _TEXTS}
    made_at = datetime.fromisoformat(record["made_at"])
    return {"correction_id": record["id"], **texts, "made_at": made_at, "pulled_at": now}


def told(count: int) -> str:
    """Say how many corrections are new, and when they take effect."""
    if not count:
        return "corrections from the page: none that are new"
    return f"corrections from the page: {count:,} new; they take effect at the next build"


def tell_states(client: Client, connection: duckdb.DuckDBPyConnection) -> int:
    """Write into PocketBase what became of each correction there; return how many are told anew.

    Until gold.corrections has it, a correction is told nothing: it waits for a build.
    """
    if client.find(f"/api/collections/{CORRECTIONS}") is None:
        return 0
    db = warehouse.cursor(connection)
    try:
        rows = db.execute(
            "select correction_id, state, coalesce(state_because, '') from gold.corrections "
            "where given_by = 'page'"
        ).fetchall()
    except duckdb.CatalogException:  # built by an earlier version
        return 0
    states = {identity: {"state": state, "state_because": why} for identity, state, why in rows}
    told = 0
    for record in client.records(CORRECTIONS, "id,state,state_because"):
        state = states.get(record["id"])
        if state and any(record[name] != value for name, value in state.items()):
            client.ask("PATCH", f"/api/collections/{CORRECTIONS}/records/{record['id']}", state)
            told += 1
    return told
