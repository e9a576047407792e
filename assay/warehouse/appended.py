"""Tables of a lake to which each run adds its rows, and views of what counts among them.

Two processes that replace rows of one table fail each other, and where both bring a post or a data
set that was not there, it is there twice: a lake knows no keys. Rows that are only added meet
nobody. A view under the table's own name shows the latest of each key, by what the rows say of
themselves, so the order in which runs commit decides nothing.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.common.hub_entities import HUB_ENTITIES
from assay.warehouse.dialect import again_after_conflicts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

SCHEMA = "bronze"


@dataclass(frozen=True)
class Appended:
    """One such table.

    name: of the view; the table is `<name>_by_run`. latest: the query of the rowids that count, in
    which {table} stands for the table and {columns} for all its columns but dlt's. rowid breaks
    ties: a folder of a run that was loaded twice. shown: which of the rows that count are shown.
    """

    name: str
    latest: str
    shown: str = "true"

    @property
    def table(self) -> str:
        """The name of the table, without its schema."""
        return f"{self.name}_by_run"

    def rowids(self, columns: "Iterable[str]") -> str:
        """Return the query of the rows that count. columns: those that the table has."""
        own = ", ".join(f'"{name}"' for name in columns if not name.startswith("_dlt_"))
        return self.latest.format(table=f"{SCHEMA}.{self.table}", columns=own)


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
# What a source said last of an entity: what is asked again without an answer is later, too.
_ENTITY = """
    select max_by(rowid, (greatest(observed_at, fetched_at), run_id, rowid))
    from {{table}} group by {key}
"""
# What the run that looked at a model last found that it refers to. A model that refers to nothing
# any more has one row that says so, which counts and is not shown.
_MAPPING = """
    select max(rowid)
    from {table}
    where (model_id, run_id) in (
        select (model_id, max_by(run_id, (observed_at, run_id))) from {table} group by model_id
    )
    group by {columns}
"""
_LAST_SEEN = """
    select max_by(rowid, (observed_at, run_id, rowid)) from {{table}} group by {key}
"""
TABLES = (
    ITEMS,
    WINDOWS,
    *(Appended(one.bronze, _ENTITY.format(key=one.bronze_key)) for one in HUB_ENTITIES.values()),
    *(
        Appended(one.mapping, _MAPPING, shown="is_gone is not true")
        for one in HUB_ENTITIES.values()
    ),
    Appended("hf_without_references", _LAST_SEEN.format(key="entity, model_id")),
    Appended("hf_rejected", _LAST_SEEN.format(key="reject_id")),
)
BY_NAME = {one.name: one for one in TABLES}


def prepare(db: "duckdb.DuckDBPyConnection") -> None:
    """Make the views of tables that are there, in a lake that is open for writing.

    A table that an earlier version of the project replaced rows in becomes the one to which rows
    are added. Doing it twice, or two at once, changes nothing.
    """
    again_after_conflicts(lambda: _prepare(db))


def drop_outdated(db: "duckdb.DuckDBPyConnection") -> int:
    """Delete the rows that count no more, since a later run has brought them again; return how
    many. They stay in earlier snapshots until these are forgotten."""
    count = 0
    there = _relations(db)
    for one in TABLES:
        if one.table in there:
            rowids = one.rowids(there[one.table].columns)
            rows = db.execute(
                f"delete from {SCHEMA}.{one.table} where rowid not in ({rowids})"  # noqa: S608
            ).fetchall()
            count += rows[0][0]
    return count


@dataclass(frozen=True)
class _Relation:
    is_table: bool
    columns: list[str]


def _prepare(db: "duckdb.DuckDBPyConnection") -> None:
    there = _relations(db)
    for one in TABLES:
        view, table = there.get(one.name), there.get(one.table)
        if view and view.is_table:
            _make_view(db, one, view.columns, renamed=True)
        # A new version of the project may have added columns.
        elif table and (not view or view.columns != table.columns):
            _make_view(db, one, table.columns)


def _make_view(
    db: "duckdb.DuckDBPyConnection", one: Appended, columns: list[str], *, renamed: bool = False
) -> None:
    view, table = f"{SCHEMA}.{one.name}", f"{SCHEMA}.{one.table}"
    db.execute("begin transaction")
    try:
        if renamed:
            db.execute(f"alter table {view} rename to {one.table}")
        db.execute(
            f"create or replace view {view} as select * from {table} "  # noqa: S608 - our own names
            f"where {one.shown} and rowid in ({one.rowids(columns)})"
        )
        db.execute("commit")
    except BaseException:
        db.execute("rollback")
        raise


def _relations(db: "duckdb.DuckDBPyConnection") -> dict[str, _Relation]:
    rows = db.execute(
        "select t.table_name, t.table_type = 'BASE TABLE', "
        "list(c.column_name order by c.ordinal_position) "
        "from information_schema.tables as t "
        "inner join information_schema.columns as c "
        "using (table_catalog, table_schema, table_name) "
        "where t.table_catalog = current_database() and t.table_schema = $1 group by all",
        [SCHEMA],
    ).fetchall()
    return {name: _Relation(is_table, columns) for name, is_table, columns in rows}
