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
    for schema, name, column in connection.execute(
        "select schema_name, table_name, lower(column_name) from duckdb_columns() "
        "where database_name = current_database() and not internal"
    ).fetchall():
        found.setdefault((schema, name), set()).add(column)
    for thing in ours(manifest, "model"):
        if thing["config"]["materialized"] == "ephemeral":
            rows = connection.execute(f"describe {thing['compiled_code']}").fetchall()
            found[table(thing)] = {row[0].lower() for row in rows}
    return found


def differences(manifest: Manifest, built: Columns) -> list[str]:
    """What the warehouse has and what is described are the same tables and columns.

    built: the columns of each table and view that is there, by (schema, table). A source may be
    missing: its pipeline has not run.
    """
    things = list(ours(manifest, "model", "seed", "snapshot", "source"))
    found, named = [], {table(thing) for thing in things}
    for thing in things:
        where = table(thing)
        if where not in built:
            if thing["resource_type"] != "source":
                found.append(f"{label(thing)} is not in the warehouse")
            continue
        described = {name.lower() for name in thing["columns"]}
        for name in built[where] - described:
            found.append(f"{label(thing)}: column {name} is in the warehouse and not described")
        for name in described - built[where]:
            found.append(f"{label(thing)}: column {name} is described and not in the warehouse")
    schemas = {schema for schema, _ in named}
    for schema, other in built.keys() - named:
        if schema in schemas and not other.startswith("_dlt_"):
            found.append(f"table {schema}.{other} is in the warehouse and not described")
    return sorted(found)


def table(thing: Thing) -> tuple[str, str]:
    """Return schema and name of the table behind a model, seed or source.

    Some sources are rows of a table of another name (meta external_location).
    """
    selection = SELECTION.search(thing.get("source_meta", {}).get("external_location", ""))
    if selection:
        return selection[1], selection[2]
    return thing["schema"], thing.get("identifier") or thing["alias"]
