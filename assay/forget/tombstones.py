"""bronze.tombstones: which posts were taken back, and which posts and authors a person took out.

A row holds no word of a post and no name: the hash of an address or of an author. It is no table of
dlt's: a warehouse of an earlier version gets it from whoever opens it first, dbt's plug-in too.
"""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import datetime

import duckdb

from assay import warehouse

POST, AUTHOR = "post", "author"
BY_HAND = "taken out by hand"
TABLE = "bronze.tombstones"
# erased_at is null until all that is kept of it is gone: a run that was killed goes on.
DDL = """
create schema if not exists bronze;
create table if not exists bronze.tombstones (
    kind varchar not null,
    key varchar not null,
    source varchar,
    native_id varchar,
    reason varchar not null,
    is_by_hand boolean not null,
    removed_at timestamptz not null,
    run_id varchar,
    erased_at timestamptz,
    primary key (kind, key)
);
"""
# A lake knows no keys by which rows could conflict.
_ADD = """
    merge into bronze.tombstones as known
    using (
        select $1 as kind, $2 as key, $3::varchar as source, $4::varchar as native_id,
            $5 as reason, $6::boolean as is_by_hand, $7::timestamptz as removed_at,
            $8::varchar as run_id, null::timestamptz as erased_at
    ) as one on known.kind = one.kind and known.key = one.key
    when matched then update set
        reason = if(known.is_by_hand, known.reason, one.reason),
        is_by_hand = known.is_by_hand or one.is_by_hand,
        removed_at = greatest(known.removed_at, one.removed_at),
        run_id = one.run_id,
        erased_at = null
    when not matched then insert by name
"""


@dataclass(frozen=True)
class Removal:
    """One tombstone. key: the hash of a post's address, or of an author. removed_at: when its
    source said so, or when a person did; is_by_hand: it stays, whatever a source says later."""

    kind: str
    key: str
    source: str | None
    native_id: str | None
    reason: str
    is_by_hand: bool
    removed_at: datetime
    run_id: str | None = None


def prepare(db: duckdb.DuckDBPyConnection) -> None:
    """Make the table where there is none."""
    warehouse.make_tables(db, DDL)


def add(db: duckdb.DuckDBPyConnection, removals: Iterable[Removal]) -> None:
    """Write tombstones; of two for one key that by hand stays, and the later moment."""
    for one in removals:
        db.execute(_ADD, list(astuple(one)))


def put_back(db: duckdb.DuckDBPyConnection) -> int:
    """Take away the tombstones of posts that their source showed again later, as when a moderator
    lets one pass after all; return how many. Those by hand stay."""
    [(count,)] = db.execute(
        "delete from bronze.tombstones as stone using bronze.raw_items as post "
        "where stone.kind = 'post' and not stone.is_by_hand and stone.key = post.url_hash "
        "and post.collected_at > stone.removed_at"
    ).fetchall()
    return int(count)


def last_erased_at(db: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return when something was erased last; None where nothing ever was."""
    try:
        [(last,)] = db.execute("select max(erased_at) from bronze.tombstones").fetchall()
    except duckdb.CatalogException:
        return None
    return last


def kept(db: duckdb.DuckDBPyConnection) -> list[Removal]:
    """Return all tombstones of a warehouse, none where it has no such table."""
    try:
        rows = db.execute(
            "select kind, key, source, native_id, reason, is_by_hand, removed_at, run_id "
            "from bronze.tombstones order by kind, key"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [Removal(*row) for row in rows]
