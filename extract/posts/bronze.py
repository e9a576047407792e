"""From run folders into bronze.raw_items and bronze.collected_windows.

Posts are loaded before the windows that say they are there: a run killed in between collects again
what it had, and nothing is taken for done that is not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import MAX_RECORD, RunFolder
from assay.extract.posts.windows import DAY_SECONDS

TARGET = "duckdb"  # the issues live in the embedded database only
POST_KEY = "url_hash"
DAY_KEY = ("source", "query", "collection_date")
BATCH_ROWS = 10_000  # posts are wide

RAW_ITEMS = pa.schema(
    [
        pa.field("url_hash", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("collection_date", pa.date32(), nullable=False),
        pa.field("query", pa.string(), nullable=False),
        pa.field("native_id", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("link_url", pa.string()),
        pa.field("link_hash", pa.string()),
        pa.field("title", pa.string(), nullable=False),
        pa.field("body", pa.string()),
        pa.field("author_hash", pa.string()),
        pa.field("score", pa.int64()),
        pa.field("comment_count", pa.int64()),
        pa.field("raw", pa.string()),
        pa.field("created_at", bronze.UTC_TIME, nullable=False),
        pa.field("collected_at", bronze.UTC_TIME, nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
WINDOWS = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("query", pa.string(), nullable=False),
        pa.field("collection_date", pa.date32(), nullable=False),
        pa.field("window_start", bronze.UTC_TIME, nullable=False),
        pa.field("window_end", bronze.UTC_TIME, nullable=False),
        pa.field("items", pa.int64(), nullable=False),
        pa.field("dropped", pa.int64(), nullable=False),
        pa.field("truncated", pa.bool_(), nullable=False),
        pa.field("is_final", pa.bool_(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("dropped_why", pa.string()),
        pa.field("collected_at", bronze.UTC_TIME, nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
    ]
)
# What a line of a run folder's file holds (collect.py writes them): a post or a window.
_KEYS = {
    "kind": "VARCHAR",
    "seq": "VARCHAR",
    "run_id": "VARCHAR",
    "collected_at": "BIGINT",
    "source": "VARCHAR",
    "query": "VARCHAR",
    "collection_date": "DATE",
    "url_hash": "VARCHAR",
    "native_id": "VARCHAR",
    "url": "VARCHAR",
    "link_url": "VARCHAR",
    "link_hash": "VARCHAR",
    "title": "VARCHAR",
    "body": "VARCHAR",
    "author_hash": "VARCHAR",
    "score": "BIGINT",
    "comment_count": "BIGINT",
    "raw": "JSON",
    "created_at": "BIGINT",
    "window_start": "BIGINT",
    "window_end": "BIGINT",
    "items": "BIGINT",
    "dropped": "BIGINT",
    "truncated": "BOOLEAN",
    "is_final": "BOOLEAN",
    "reason": "VARCHAR",
    "dropped_why": "JSON",
}
_LINES = f"""
    read_json($paths, format = 'array', columns = {_KEYS!r}, maximum_object_size = {MAX_RECORD})
"""
_TIMES = ("created_at", "collected_at", "window_start", "window_end")

# Of one post that came several times the one of the latest day counts, then the latest reading:
# whatever the order in which days are collected, the same row stays.
_NEWEST_SQL = f"""
    create temp table newest as
    select url_hash, max_by(seq, (collection_date, seq)) as seq,
        max_by(source, (collection_date, seq)) as source, max(collection_date) as collection_date
    from {_LINES} where kind = 'post' group by url_hash
"""  # noqa: S608 - constants of this module
_ALREADY_SQL = """
    create temp table already as
    select newest.url_hash, stored.collection_date > newest.collection_date as is_later
    from newest join warehouse.bronze.raw_items as stored using (url_hash)
"""
# A refusal must not take the place of what was read before.
_KNOWN_SQL = """
    create temp table known as
    select distinct source, query, collection_date from warehouse.bronze.collected_windows
"""
_NEW_SQL = """
    select source, collection_date, count(*) from newest
    where url_hash not in (select url_hash from already) group by all
"""


@dataclass(frozen=True)
class Loaded:
    """What loading came to: posts that bronze did not have, by source and day."""

    new: dict[tuple[str, date], int]


def collected_days() -> set[tuple[str, str, date]]:
    """Return (source, query, day) of what is complete in bronze and need not be asked again."""
    with _warehouse() as connection:
        if not _exists(connection, "collected_windows"):
            return set()
        rows = connection.execute(
            """
            select source, query, collection_date
            from warehouse.bronze.collected_windows
            group by all
            having bool_and(is_final) and sum(epoch(window_end) - epoch(window_start)) >= $seconds
            """,
            {"seconds": DAY_SECONDS},
        ).fetchall()
    return set(rows)


def load_posts(folder: RunFolder, progress: Collector) -> Loaded:
    """Load one run folder: posts replace what is stored of the same URL, windows those of the same
    query and day. Loading twice changes nothing.

    Raises dlt's PipelineStepFailed when the destination refuses.
    """
    paths = [str(folder.path / name) for name in sorted(folder.manifest["files"])]
    with _warehouse() as connection:
        connection.execute(_NEWEST_SQL, {"paths": paths})
        if _exists(connection, "raw_items"):
            connection.execute(_ALREADY_SQL)
        else:
            connection.execute("create temp table already (url_hash varchar, is_later boolean)")
        if _exists(connection, "collected_windows"):
            connection.execute(_KNOWN_SQL)
        else:
            connection.execute(
                "create temp table known (source varchar, query varchar, collection_date date)"
            )
        new = {
            (source, day): count for source, day, count in connection.execute(_NEW_SQL).fetchall()
        }
        # dlt opens the same file for writing, which DuckDB allows only once we let go of it.
        connection.execute("detach warehouse")
        pipeline = bronze.open_pipeline("issues", TARGET, progress)
        bronze.run(
            pipeline,
            bronze.resource(
                "raw_items", RAW_ITEMS, ["raw"], _posts(connection, paths), merge_key=POST_KEY
            ),
            TARGET,
        )
        bronze.run(
            pipeline,
            bronze.resource(
                "collected_windows",
                WINDOWS,
                ["dropped_why"],
                _windows(connection, paths),
                merge_key=DAY_KEY,
            ),
            TARGET,
        )
    return Loaded(new)


def make_tables(progress: Collector) -> None:
    """Make both tables, empty, where they are not there yet: what reads them finds them."""
    with _warehouse() as connection:
        if _exists(connection, "raw_items") and _exists(connection, "collected_windows"):
            return
    pipeline = bronze.open_pipeline("issues", TARGET, progress)
    bronze.run(
        pipeline,
        [
            bronze.resource(
                "raw_items", RAW_ITEMS, ["raw"], iter([RAW_ITEMS.empty_table()]), merge_key=POST_KEY
            ),
            bronze.resource(
                "collected_windows",
                WINDOWS,
                ["dropped_why"],
                iter([WINDOWS.empty_table()]),
                merge_key=DAY_KEY,
            ),
        ],
        TARGET,
    )


def unfinished_since(day: date) -> date | None:
    """Return the first day from `day` on that no run has finished though it was begun, or that came
    after the last one collected; None when nothing was ever collected."""
    with _warehouse() as connection:
        if not _exists(connection, "collected_windows"):
            return None
        [(first,)] = connection.execute(
            """
            with days as (
                select
                    collection_date,
                    bool_and(is_final)
                        and sum(epoch(window_end) - epoch(window_start)) >= $seconds as is_done
                from warehouse.bronze.collected_windows
                group by source, query, collection_date
            )
            select coalesce(
                min(collection_date) filter (where not is_done and collection_date >= $day),
                max(collection_date) + 1
            )
            from days
            """,
            {"seconds": DAY_SECONDS, "day": day},
        ).fetchall()
    return max(first, day) if first else None


@contextmanager
def _warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with the warehouse attached for reading, or an empty one."""
    settings = warehouse.output(TARGET)
    # What is loaded from here on is ours to load: no other command comes in between.
    with bronze.turn(TARGET), duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        connection.execute(f"set memory_limit = {_quoted(settings['settings']['memory_limit'])}")
        path = settings["path"]
        found = Path(path).exists()
        connection.execute(
            f"attach {_quoted(path if found else ':memory:')} as warehouse"
            f"{' (read_only)' if found else ''}"
        )
        yield connection


def _quoted(text: str) -> str:
    """Write a setting of our own as an SQL literal; these statements take no bound parameters."""
    return "'" + text.replace("'", "''") + "'"


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from duckdb_tables() where database_name = 'warehouse' "
            "and schema_name = 'bronze' and table_name = ?",
            [table],
        ).fetchall()
    )


def _posts(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> Iterator[pa.Table]:
    sql = f"""
        select {_columns(RAW_ITEMS)}
        from {_LINES} as line
        join newest using (url_hash, seq)
        where line.kind = 'post'
            and url_hash not in (select url_hash from already where is_later)
    """  # noqa: S608 - constants of this module
    found = connection.execute(sql, {"paths": paths})
    yield from bronze.tables(found.to_arrow_reader(BATCH_ROWS), RAW_ITEMS)


def _windows(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> Iterator[pa.Table]:
    sql = f"""
        select {_columns(WINDOWS)}
        from {_LINES} as line
        left join known using (source, query, collection_date)
        where line.kind = 'window'
            and (known.source is null or not starts_with(coalesce(line.reason, ''), 'refused:'))
    """  # noqa: S608 - constants of this module
    found = connection.execute(sql, {"paths": paths})
    yield from bronze.tables(found.to_arrow_reader(BATCH_ROWS), WINDOWS)


def _columns(schema: pa.Schema) -> str:
    return ", ".join(
        f"make_timestamptz(line.{name} * 1000000) as {name}" if name in _TIMES else f"line.{name}"
        for name in schema.names
    )
