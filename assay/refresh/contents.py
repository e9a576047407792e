"""What is in a table, as one short text that is the same for the same rows, in whatever order.

A day that is read again moves the moment of the reading in every row and often nothing else. A
source may name such columns (`meta: ignore_changes`); `make refresh` then looks at the others, and
builds nothing for a load that brought nothing new.
"""

from collections.abc import Iterable
from typing import Any

from assay import warehouse

IGNORE_CHANGES, MAY_BE_MISSING = "ignore_changes", "empty_where_missing"
EMPTY = "empty"  # a source that may be missing, where it is or has no row
_OF_DLT = "_dlt_"  # columns of dlt's own, such as the load that brought a row

_COLUMNS_SQL = """
    select column_name, data_type
    from information_schema.columns
    where table_catalog = current_database() and table_schema = %s and table_name = %s
    order by ordinal_position
"""


def of_sources(sources: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return what is in those sources that name columns without news, by `schema.table`.

    sources: nodes of dbt's manifest. One that is not loaded is not in the answer, but where models
    take it for empty then.
    """
    found: dict[str, str] = {}
    wanted = [source for source in sources if IGNORE_CHANGES in source["meta"]]
    if not wanted:
        return found
    with warehouse.connect(warehouse.main_target()) as db:
        for source in wanted:
            given = (source["schema"], source["identifier"])
            columns = [
                (name, kind)
                for name, kind in db.rows(_COLUMNS_SQL, given)
                if name not in source["meta"][IGNORE_CHANGES] and not name.startswith(_OF_DLT)
            ]
            name = f"{source['source_name']}.{source['name']}"
            may_be_missing = MAY_BE_MISSING in source["meta"]
            if columns:
                [(count, hashes)] = db.rows(_content_sql(given, columns))
                is_empty = may_be_missing and not count
                found[name] = EMPTY if is_empty else f"{columns} {count} {hashes}"
            elif may_be_missing:
                found[name] = EMPTY
    return found


def _content_sql(table: tuple[str, str], columns: list[tuple[str, str]]) -> str:
    """Return SQL for the number of rows and the sum of their hashes, of 64 bits each."""
    chosen = ", ".join(_quoted(name) for name, _ in columns)
    place = ".".join(_quoted(name) for name in table)
    return f"select count(*), sum(hash({chosen})::hugeint) from {place}"  # noqa: S608 - quoted names of the catalog


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
