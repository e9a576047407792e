"""Whether what dbt describes is what the warehouse has, table by table and column by column."""

import re
from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from tests.docs.rules import Manifest, Thing, label, ours

Columns = Mapping[tuple[str, str], set[str]]

SELECTION = re.compile(r"\bfrom (\w+)\.(\w+)")


def built(connection: DuckDBPyConnection, manifest: Manifest) -> Columns:
    """Return the columns of every table and view of a warehouse, by (schema, table).

    manifest: of the build. What is ephemeral has no table: its compiled SQL is described instead.
    """
    connection.execute("set timezone = 'UTC'")
    found: dict[tuple[str, str], set[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, lower(column_name) from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall():
        found.setdefault((schema, table), set()).add(column)
    for thing in ours(manifest, "model"):
        if thing["config"]["materialized"] == "ephemeral":
            rows = connection.execute(f"describe {thing['compiled_code']}").fetchall()
            found[_table(thing)] = {row[0].lower() for row in rows}
    return found


def columns(manifest: Manifest, built: Columns) -> list[str]:
    """What the warehouse has and what is described are the same tables and columns.

    built: the columns of each table and view that is there, by (schema, table). A source may be
    missing: its pipeline has not run.
    """
    things = list(ours(manifest, "model", "seed", "snapshot", "source"))
    found, named = [], {_table(thing) for thing in things}
    for thing in things:
        table = _table(thing)
        if table not in built:
            if thing["resource_type"] != "source":
                found.append(f"{label(thing)} is not in the warehouse")
            continue
        described = {name.lower() for name in thing["columns"]}
        for name in built[table] - described:
            found.append(f"{label(thing)}: column {name} is in the warehouse and not described")
        for name in described - built[table]:
            found.append(f"{label(thing)}: column {name} is described and not in the warehouse")
    for schema, table in built.keys() - named:
        if schema in {schema for schema, _ in named} and not table.startswith("_dlt_"):
            found.append(f"table {schema}.{table} is in the warehouse and not described")
    return sorted(found)


def _table(thing: Thing) -> tuple[str, str]:
    """Return schema and name of the table behind a model, seed or source.

    Some sources are rows of a table of another name (meta external_location).
    """
    selection = SELECTION.search(thing.get("source_meta", {}).get("external_location", ""))
    if selection:
        return selection[1], selection[2]
    return thing["schema"], thing.get("identifier") or thing["alias"]
