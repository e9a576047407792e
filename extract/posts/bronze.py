"""From run folders into bronze.raw_items and bronze.collected_windows.

Posts are loaded before the windows that say they are there: a run killed in between collects again
what it had, and nothing is taken for done that is not.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import dlt
import duckdb
import pyarrow as pa
from dlt.common.runtime.collector_base import Collector

from assay import forget, warehouse
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import MAX_RECORD, RunFolder
from assay.extract.landing.scrub import scrub, scrub_packages
from assay.extract.landing.table import UTC_TIME, BronzeTable
from assay.extract.posts.tables import COLLECTED_WINDOWS, RAW_ITEMS, resources
from assay.extract.posts.windows import DAY_SECONDS, Window

log = logging.getLogger(__name__)

BATCH_ROWS = 10_000  # posts are wide
# How the names of a run folder's files begin.
POSTS, REMOVED, WINDOWS = "posts_", "removed_", "windows_"

_TYPES = {
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.int64(): "BIGINT",
    pa.bool_(): "BOOLEAN",
    UTC_TIME: "BIGINT",  # seconds since the epoch
}

# Of one post that came several times the one of the latest day counts, then the latest line:
# whatever the order in which days are collected, the same row stays. A folder of the first version
# has windows in the files of posts; they have no url_hash. What was taken back comes back only when
# its source shows it later, and never when a person took it out.
_NEWEST_SQL = """
    create temp table newest as
    with last as (
        select url_hash, max_by(seq, (collection_date, seq)) as seq,
            max_by(source, (collection_date, seq)) as source,
            max(collection_date) as collection_date,
            make_timestamptz(max(collected_at) * 1000000) as collected_at
        from {lines} as line
        where url_hash is not null and (
            author_hash is null or author_hash not in (
                select key from warehouse.bronze.tombstones where kind = 'author'
            )
        )
        group by url_hash
    )
    select last.* exclude (collected_at), stored.url_hash is null as is_new
    from last
    left join warehouse.bronze.raw_items as stored using (url_hash)
    left join warehouse.bronze.tombstones as stone
        on stone.kind = 'post' and stone.key = last.url_hash
    left join removed on removed.url_hash = last.url_hash
    where (stored.url_hash is null or stored.collection_date <= last.collection_date)
        and (stone.key is null or (not stone.is_by_hand and stone.removed_at < last.collected_at))
        and (removed.url_hash is null or removed.removed_at < last.collected_at)
"""
_REMOVED_COLUMNS = dict.fromkeys(("url_hash", "source", "native_id", "reason"), "VARCHAR")
_REMOVED_COLUMNS |= {"collected_at": "BIGINT", "run_id": "VARCHAR"}
_REMOVED_SQL = """
    create temp table removed as
    select
        url_hash,
        max_by(source, collected_at) as source,
        max_by(native_id, collected_at) as native_id,
        max_by(reason, collected_at) as reason,
        make_timestamptz(max(collected_at) * 1000000) as removed_at,
        any_value(run_id) as run_id
    from {lines} group by url_hash
"""
# An older reading takes back nothing that a later one has seen.
_TOMBSTONES_SQL = """
    select removed.* from removed
    left join warehouse.bronze.raw_items as stored using (url_hash)
    where stored.url_hash is null or stored.collected_at <= removed.removed_at
"""
_POSTS_SQL = "select {columns} from {lines} as line join newest using (url_hash, seq)"
_NEW_SQL = "select source, collection_date, count(*) from newest where is_new group by all"
# What is known of the days of this folder, and whether what came now says less of one than what is
# known: a refusal, or a listing that no longer goes back so far.
_KNOWN_SQL = """
    create temp table known as
    with stored as (
        select
            source, query, collection_date,
            bool_and(is_final and not truncated)
            and sum(epoch(window_end) - epoch(window_start)) >= {day} as is_whole
        from warehouse.bronze.collected_windows group by all
    ),
    came as (
        select
            source, query, collection_date, max(collected_at) as collected_at,
            bool_or(truncated) as truncated,
            bool_or(starts_with(coalesce(reason, ''), 'refused:')) as refused
        from {lines} as line where window_start is not null group by all
    )
    select
        source, query, collection_date, make_timestamptz(came.collected_at * 1000000) as looked_at,
        came.refused, came.truncated and stored.is_whole and not came.refused as is_less
    from stored inner join came using (source, query, collection_date)
"""
# A refusal must not take the place of what was read before. Nor must a listing that ends too early;
# but the day was looked at, and is not looked at again for that.
_WINDOWS_SQL = """
    select {columns} from {lines} as line left join known using (source, query, collection_date)
    where line.window_start is not null
        and not coalesce(known.refused, false) and not coalesce(known.is_less, false)
    union all
    select {names} from stays
"""
_STAYS_SQL = """
    create temp table stays as
    select stored.* replace (known.looked_at as collected_at)
    from warehouse.bronze.collected_windows as stored
    inner join known using (source, query, collection_date)
    where known.is_less
"""
_DAYS_SQL = """
    select
        source, query, collection_date,
        bool_and(is_final) and sum(epoch(window_end) - epoch(window_start)) >= $seconds as is_done,
        min(epoch(collected_at))::bigint as read_at
    from warehouse.bronze.collected_windows
    group by all
"""
_UNFINISHED_SQL = f"""
    select coalesce(
        min(collection_date) filter (where not is_done and collection_date >= $day),
        max(collection_date) + 1
    )
    from ({_DAYS_SQL})
"""  # noqa: S608 - a constant of this module


def make_tables(progress: Collector) -> None:
    """Make all tables, empty, where they are not there yet: what reads them finds them."""
    target = warehouse.main_target()
    tables = (RAW_ITEMS, COLLECTED_WINDOWS)
    with _warehouse() as connection:
        found = [_exists(connection, table.name) for table in tables]
        has_tombstones = _exists(connection, forget.TABLE.removeprefix("bronze."))
    if not all(found):
        empty = {table.name: table.empty() for table in tables}
        pipeline = bronze.open_pipeline("issues", target, progress)
        bronze.run(pipeline, list(resources(_parts([empty]), arrow=True)), target)
    if not has_tombstones:
        with warehouse.duckdb_file(writing=True) as db:
            forget.prepare(db)


def load_posts(folder: RunFolder, progress: Collector) -> dict[tuple[str, date], int]:
    """Load one run folder; return how many posts bronze did not have, by source and day.

    Loading twice changes nothing. The tables must be there. Raises dlt's PipelineStepFailed when
    the destination refuses.
    """
    posts = _paths(folder, POSTS)
    with _warehouse() as connection:
        lines = _lines(RAW_ITEMS)
        tombstones = _removed(connection, folder)
        if not posts:
            # What was taken back is written first: a full disk may have kept out the posts.
            connection.execute("detach warehouse")
            _take_back(tombstones)
            return {}
        connection.execute(_NEWEST_SQL.format(lines=lines), {"paths": posts})
        windows = _paths(folder, WINDOWS) or posts
        known = _KNOWN_SQL.format(lines=_lines(COLLECTED_WINDOWS), day=DAY_SECONDS)
        connection.execute(known, {"paths": windows})
        connection.execute(_STAYS_SQL)
        new = {
            (source, day): count for source, day, count in connection.execute(_NEW_SQL).fetchall()
        }
        # dlt opens the same file for writing, which DuckDB allows only once we let go of it.
        connection.execute("detach warehouse")
        target = warehouse.main_target()
        pipeline = bronze.open_pipeline("issues", target, progress)
        for table, paths, sql in (
            (RAW_ITEMS, posts, _POSTS_SQL),
            (COLLECTED_WINDOWS, windows, _WINDOWS_SQL),
        ):
            names = ", ".join(table.schema.names)
            filled = sql.format(columns=_columns(table), lines=_lines(table), names=names)
            reader = connection.execute(filled, {"paths": paths}).to_arrow_reader(BATCH_ROWS)
            parts = _parts({table.name: batch} for batch in table.batches(reader))
            both = {one.name: one for one in resources(parts, arrow=True)}
            bronze.run(pipeline, both[table.name], target)
        _take_back(tombstones)
    return new


def _removed(connection: duckdb.DuckDBPyConnection, folder: RunFolder) -> list[forget.Removal]:
    """Make the table of what a folder says was taken back; return it as tombstones."""
    paths = _paths(folder, REMOVED)
    lines = (
        f"read_json($paths, format = 'array', columns = {_REMOVED_COLUMNS!r})"
        if paths
        else f"(select {', '.join(f'null::{k} as {n}' for n, k in _REMOVED_COLUMNS.items())}) "
        "where false"
    )
    connection.execute(_REMOVED_SQL.format(lines=lines), {"paths": paths} if paths else None)
    rows = connection.execute(_TOMBSTONES_SQL).fetchall()
    return [
        forget.Removal(forget.POST, key, source, native_id, reason, False, at, run_id)
        for key, source, native_id, reason, at, run_id in rows
    ]


def _take_back(tombstones: list[forget.Removal]) -> None:
    """Erase what was taken back from all places, and lift what its source shows again."""
    with warehouse.duckdb_file(writing=True) as db:
        warehouse.again_after_conflicts(lambda: forget.add(db, tombstones))
        warehouse.again_after_conflicts(lambda: forget.put_back(db))
        found = forget.erase_pending(db, scrub_files)
    if found.counts:
        log.info(
            "%d posts were taken back at their source: erased from %s",
            len(found.url_hashes),
            ", ".join(sorted(found.counts)),
        )


def scrub_files(url_hashes: list[str], days: list[str] | None) -> int:
    """Take posts out of the run folders and of what dlt keeps of loads; return what was there.

    days: as assay.forget gives them.
    """
    folders = warehouse.data_dir() / "raw" / "issues"
    count = scrub(folders, POSTS, url_hashes, days)
    return count + scrub_packages("issues", RAW_ITEMS.name)


def collected_days() -> set[tuple[str, str, date]]:
    """Return (source, query, day) of what is complete in bronze and need not be asked again."""
    return {key for key, _ in _complete_days()}


def due_again(now: int, looks: Sequence[int], patience: int) -> set[tuple[str, str, date]]:
    """Return (source, query, day) of what is complete and to be read again, since votes and
    comments come later than posts. Arguments as of `is_due`."""
    return {key for key, at in _complete_days() if is_due(key[2], at, now, looks, patience)}


def is_due(day: date, read_at: int, now: int, looks: Sequence[int], patience: int) -> bool:
    """Tell whether a day that was read is to be read again.

    looks: so many days after its end it is. patience: days for which a look that was not taken
    still is. read_at, now: seconds since the epoch.
    """
    end = Window.of_day(day).end
    moments = (end + days * DAY_SECONDS for days in looks)
    return any(read_at < at <= now < at + patience * DAY_SECONDS for at in moments)


def _complete_days() -> list[tuple[tuple[str, str, date], int]]:
    """Return what is complete, and when it was read, in seconds since the epoch."""
    with _warehouse() as connection:
        rows = connection.execute(_DAYS_SQL, {"seconds": DAY_SECONDS}).fetchall()
    return [((source, query, day), at) for source, query, day, is_done, at in rows if is_done]


def unfinished_since(day: date) -> date | None:
    """Return the first day from `day` on that no run has finished though it was begun, or that came
    after the last one collected; None when nothing was ever collected."""
    with _warehouse() as connection:
        [(first,)] = connection.execute(
            _UNFINISHED_SQL, {"seconds": DAY_SECONDS, "day": day}
        ).fetchall()
    return max(first, day) if first else None


def _parts(parts: Iterable[dict[str, pa.Table]]) -> dlt.sources.DltResource:
    return dlt.resource(parts, name="run_folder", selected=False)


def _paths(folder: RunFolder, beginning: str) -> list[str]:
    names = sorted(name for name in folder.manifest["files"] if name.startswith(beginning))
    return [str(folder.path / name) for name in names]


def _lines(table: BronzeTable) -> str:
    """Return what reads the lines of files, with the columns of a table and `seq`."""
    columns = {"seq": "VARCHAR"} | {
        field.name: "JSON" if field.name in table.json_columns else _TYPES[field.type]
        for field in table.schema
    }
    return (
        f"read_json($paths, format = 'array', columns = {columns!r}, "
        f"maximum_object_size = {MAX_RECORD})"
    )


def _columns(table: BronzeTable) -> str:
    return ", ".join(
        f"make_timestamptz(line.{field.name} * 1000000) as {field.name}"
        if field.type == UTC_TIME
        else f"line.{field.name}"
        for field in table.schema
    )


@contextmanager
def _warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory with the warehouse attached for reading, or an empty one."""
    settings = warehouse.output(warehouse.main_target())
    # What is loaded from here on is ours to load: no other command comes in between.
    with bronze.turn(warehouse.main_target(), held=False), duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        connection.execute(f"set memory_limit = {_quoted(settings['settings']['memory_limit'])}")
        warehouse.attach(connection, "warehouse")
        yield connection


def _quoted(text: str) -> str:
    """Write a setting of our own as an SQL literal; these statements take no bound parameters."""
    return "'" + text.replace("'", "''") + "'"


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_catalog = 'warehouse' "
            "and table_schema = 'bronze' and table_name = ?",
            [table],
        ).fetchall()
    )
