"""Two warehouses and two PocketBases, value by value.

What two undisturbed runs of the same input differ in is left out by name, each with its reason;
everything else must be equal: columns, types, rows, every bit of a vector.
"""

import fnmatch
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

Records = dict[str, dict[tuple, dict[str, Any]]]

# schema.table, with wildcards: why a whole table is left out.
TABLES_LEFT_OUT = {
    "bronze_staging.*": "dlt's waiting room, emptied before each load: holds the last load only",
    "bronze._dlt_*": "dlt's own book of loads: a row per load, and there were more",
    "bronze_staging_*.*": "the same of a lake, where each data folder has its own",
    "ops.run_snapshots": "a row per command that was run, on a lake",
    "bronze.*_by_run": "what runs of a lake added, and there were more; a view shows what counts",
    "ops.embedding_cache": "a lake's, with COMPUTE=daft; else a file beside the warehouse",
    "ops.pipeline_steps": "a row per command that was run, and there were more",
    "gold.pipeline_runs": "a row per command that was run, and there were more",
    "gold.sync_runs": "a row per run of the sync, and there were more",
}
_MOMENT_OF_A_RUN = "the moment at which that run read the source"
# schema.table.column, with wildcards: why a column is left out.
COLUMNS_LEFT_OUT = {
    "*.*.run_id": "the name of the run folder, which holds its moment and a random tail",
    "bronze.*.observed_at": _MOMENT_OF_A_RUN,
    "hf_staging.*.observed_at": _MOMENT_OF_A_RUN,
    "*.*.fetched_at": _MOMENT_OF_A_RUN,
    "*.*.collected_at": _MOMENT_OF_A_RUN,
    "hf.*.created_at": _MOMENT_OF_A_RUN,
    "hf.*.updated_at": _MOMENT_OF_A_RUN,
    "hf.*.last_synced_at": _MOMENT_OF_A_RUN,
    "hf.*.observed_at": _MOMENT_OF_A_RUN,
    "hf.*.first_observed_at": _MOMENT_OF_A_RUN,
    "hf.*.*_seen_at": _MOMENT_OF_A_RUN,
    "hf.*.identified_at": _MOMENT_OF_A_RUN,
    "hf_staging.int_hf__identified.*_at": _MOMENT_OF_A_RUN,
    "bronze.tombstones.*ed_at": _MOMENT_OF_A_RUN,
    "hf.model_*_daily.observed_on": "the day on which that run read the source",
    "bronze.input_fingerprints.changed_at": "the moment at which a change was first seen",
    "silver.*.embedding_date": "the day on which the vector was computed",
    "silver_staging.*.embedding_date": "the day on which the vector was computed",
    "gold.freshness.*ed_at": _MOMENT_OF_A_RUN,
    "gold.freshness.newest_at": "where the source's answers are newest: the moment of a run",
    "gold.freshness.age_hours": "how long ago that moment is",
    "gold.freshness.is_fresh": "whether that is long, by a clock that jumps",
    "gold.live_*.synced_at": "the moment at which the server took the record",
}
# A row per reading of the source, and there were more: what was read is compared once, and of what
# a table says of each reading only that of the last.
PER_READING = {
    "bronze.hf_task_listings": "true",
    "bronze.hf_task_pages": "true",
    "hf_staging.stg_hf__task_listings": "true",
    "hf_staging.int_hf__listings": "is_latest",
    "hf_staging.stg_hf__ranks": "is_present",
}
# A clock that showed several days gives the histories of counters and ranks a row for each of them.
ONE_ROW_A_DAY = ("hf.model_rank_daily", "hf.model_stats_daily")
# Where the clock showed several days, why a whole table is left out.
DAYS_LEFT_OUT = {"hf.model_movers": "from one day to another, and an undisturbed run has one day"}
FIELDS_LEFT_OUT = {
    "created": "the moment at which the server made the record",
    "updated": "the moment at which the server last changed it",
}
SHOWN = 3
_A_LENGTH = re.compile(r"\[\d+\]")


def warehouses(wanted: Path, found: Path, *, several_days: bool) -> list[str]:
    """Return one line for each table that differs between two DuckDB files.

    several_days: the clock of the run that made `found` showed more than one day.
    """
    # Each alone: a view names the catalog, and both files have the same.
    with opened(wanted) as first, opened(found) as second:
        return different(first, second, several_days=several_days)


def different(
    first: duckdb.DuckDBPyConnection,
    second: duckdb.DuckDBPyConnection,
    *,
    several_days: bool = False,
) -> list[str]:
    """Return the same of two open databases; an array and a list of the same type are alike."""
    differences = []
    with duckdb.connect() as between:
        need, have = _relations(first), _relations(second)
        for name in sorted(need.keys() | have.keys()):
            if need.get(name) != have.get(name):
                differences.append(f"{name}: columns {have.get(name)}, not {need.get(name)}")
                continue
            if several_days and name in DAYS_LEFT_OUT:
                continue
            kept = _columns_kept(name, [column for column, _ in need[name]])
            is_once = name in PER_READING or (several_days and name in ONE_ROW_A_DAY)
            listed = ("distinct " if is_once else "") + ", ".join(f'"{one}"' for one in kept)
            query = f"select {listed} from {name} where {PER_READING.get(name, 'true')}"
            tables = [_as_lists(side.execute(query).to_arrow_table()) for side in (first, second)]
            differences += _rows(between, name, *tables)
    return differences


def compared_tables(warehouse: Path) -> list[str]:
    """Return the names of the tables and views that are compared."""
    with opened(warehouse) as db:
        return sorted(_relations(db))


def copy_rows(db: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Write every table and view that is compared into a new DuckDB file, each as a table."""
    name = str(file).replace("'", "''")  # `attach` takes no bound parameter
    db.execute(f"attach '{name}' as copied")
    for table in _relations(db):
        db.execute(f"create schema if not exists copied.{table.split('.')[0]}")
        db.execute(f"create table copied.{table} as from {table}")
    db.execute("detach copied")


def opened(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB file to be compared."""
    db = duckdb.connect(str(warehouse), read_only=True)
    db.execute("set timezone = 'UTC'")
    return db


def _relations(db: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """Return the columns and types of every table and view that is compared."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in db.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and not internal "
        "order by table_oid, column_index"
    ).fetchall():
        if not any(fnmatch.fnmatch(name, pattern) for pattern in TABLES_LEFT_OUT):
            found.setdefault(name, []).append((column, _A_LENGTH.sub("[]", kind)))
    return found


def _as_lists(table: pa.Table) -> pa.Table:
    """Return a table whose arrays of one length are lists, as a lake has them."""
    for at, one in enumerate(table.schema):
        if pa.types.is_fixed_size_list(one.type):
            as_list = table[at].cast(pa.list_(one.type.value_type))
            table = table.set_column(at, one.name, as_list)
    return table


def _columns_kept(table: str, columns: Iterable[str]) -> list[str]:
    return [
        column
        for column in columns
        if not any(fnmatch.fnmatch(f"{table}.{column}", left) for left in COLUMNS_LEFT_OUT)
    ]


def _rows(db: duckdb.DuckDBPyConnection, name: str, wanted: pa.Table, found: pa.Table) -> list[str]:
    """Return a line for the rows that one has and the other has not, if there are any."""
    if wanted.equals(found):  # in the same order too, as most are
        return []
    lines = []
    db.register("wanted", wanted)
    db.register("found", found)
    for word, sides in (
        ("lacks", "from wanted except all from found"),
        ("has besides", "from found except all from wanted"),
    ):
        if rows := db.execute(sides).fetchall():
            shown = _shown(wanted.column_names, rows)
            lines.append(f"{name}: {word} {len(rows)} rows, as {shown}")
    return lines


def _shown(columns: list[str], rows: list[tuple]) -> str:
    found = [
        ", ".join(f"{name}={str(value)[:60]!r}" for name, value in zip(columns, row, strict=True))
        for row in rows[:SHOWN]
    ]
    return " | ".join(found)[:1500]


def collections(wanted: Records, found: Records) -> list[str]:
    """Return one line for each record of PocketBase that differs."""
    lines = []
    for name in sorted(wanted.keys() | found.keys()):
        need, have = wanted.get(name, {}), found.get(name, {})
        lines += [f"PocketBase {name}: {key} is missing" for key in sorted(need.keys() - have)]
        lines += [f"PocketBase {name}: {key} is too many" for key in sorted(have.keys() - need)]
        for key in sorted(need.keys() & have.keys()):
            if (one := _kept(need[key])) != (other := _kept(have[key])):
                names = [field for field in one if one[field] != other.get(field)]
                lines.append(f"PocketBase {name}: {key} differs in {names or 'more fields'}")
    return lines


def _kept(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in FIELDS_LEFT_OUT}
