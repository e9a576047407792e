"""Tables of a lake to which each run adds its rows, and views of what counts among them.

Two processes that replace rows of one table fail each other, and where both bring a post that was
not there, it is there twice: a lake knows no keys. Rows that are only added meet nobody. A view
under the table's own name shows the latest of each key, by what the rows say of themselves, so the
order in which runs commit decides nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.warehouse.dialect import again_after_conflicts

if TYPE_CHECKING:
    import duckdb

SCHEMA = "bronze"


@dataclass(frozen=True)
class Appended:
    """One such table.

    name: of the view; the table is `<name>_by_run`. latest: the query of the rowids that count, in
    which {table} stands for the table. rowid breaks ties: a folder of a run that was loaded twice.
    """

    name: str
    latest: str

    @property
    def table(self) -> str:
        """The name of the table, without its schema."""
        return f"{self.name}_by_run"

    @property
    def rowids(self) -> str:
        """The query of the rows that count."""
        return self.latest.format(table=f"{SCHEMA}.{self.table}")


# The post as it was on its latest day, as extract/posts/bronze.py chooses among lines.
ITEMS = Appended(
    "raw_items",
    """
    select max_by(rowid, (collection_date, collected_at, run_id, rowid))
    from {table} group by url_hash
    """,
)
# The windows of a day as the run that looked last found them: it may have cut the day otherwise.
WINDOWS = Appended(
    "collected_windows",
    """
    select max_by(seen.rowid, (seen.collected_at, seen.rowid))
    from {table} as seen
    inner join (
        select
            source, query, collection_date,
            max_by(run_id, (collected_at, run_id, rowid)) as run_id
        from {table} group by source, query, collection_date
    ) using (source, query, collection_date, run_id)
    group by source, query, collection_date, seen.window_start
    """,
)
TABLES = (ITEMS, WINDOWS)


def prepare(db: "duckdb.DuckDBPyConnection") -> None:
    """Make the views of tables that are there, in a lake that is open for writing.

    A table that an earlier version of the project replaced rows in becomes the one to which rows
    are added. Doing it twice, or two at once, changes nothing.
    """
    for one in TABLES:
        again_after_conflicts(lambda one=one: _prepare(db, one))


def drop_outdated(db: "duckdb.DuckDBPyConnection") -> int:
    """Delete the rows that no view shows, when a later run has brought them again; return how
    many. They stay in earlier snapshots until these are forgotten."""
    count = 0
    for one in TABLES:
        if one.table in _kinds(db):
            rows = db.execute(
                f"delete from {SCHEMA}.{one.table} where rowid not in ({one.rowids})"  # noqa: S608
            ).fetchall()
            count += rows[0][0]
    return count


def _prepare(db: "duckdb.DuckDBPyConnection", one: Appended) -> None:
    kinds = _kinds(db)
    view, table = f"{SCHEMA}.{one.name}", f"{SCHEMA}.{one.table}"
    is_of_before = kinds.get(one.name) == "BASE TABLE"
    if not is_of_before and (one.table not in kinds or _has_its_columns(db, one)):
        return
    db.execute("begin transaction")
    try:
        if is_of_before:
            db.execute(f"alter table {view} rename to {one.table}")
        db.execute(
            f"create or replace view {view} as "  # noqa: S608 - names and queries of our own
            f"select * from {table} where rowid in ({one.rowids})"
        )
        db.execute("commit")
    except BaseException:
        db.execute("rollback")
        raise


def _kinds(db: "duckdb.DuckDBPyConnection") -> dict[str, str]:
    rows = db.execute(
        "select table_name, table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = $1",
        [SCHEMA],
    ).fetchall()
    return dict(rows)


def _has_its_columns(db: "duckdb.DuckDBPyConnection", one: Appended) -> bool:
    """Say whether the view has the columns of its table; a new version may have added some."""
    rows = db.execute(
        "select table_name, list(column_name order by ordinal_position) "
        "from information_schema.columns "
        "where table_catalog = current_database() and table_schema = $1 and table_name in ($2, $3) "
        "group by all",
        [SCHEMA, one.name, one.table],
    ).fetchall()
    found = dict(rows)
    return found.get(one.name) == found.get(one.table)
