"""What dlt is told of one bronze table: the same for our commands and for anybody's pipeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import dlt
import pyarrow as pa
from dlt.extract import DltResource

BATCH_ROWS = 50_000
UTC_TIME = pa.timestamp("us", tz="UTC")
_DLT_TYPES = {
    pa.string(): "text",
    pa.int64(): "bigint",
    pa.float64(): "double",
    pa.bool_(): "bool",
    pa.date32(): "date",
    UTC_TIME: "timestamp",
}


@dataclass(frozen=True)
class BronzeTable:
    """One bronze table and how rows come to it.

    schema: names, types and which may be null; no load adds a column to it. A table has one key, as
    dlt deletes by either of two, which is a slow join. primary_key: the columns that name a row,
    whose rows are replaced one by one. merge_key: the columns that name what is replaced as one,
    say all models of a task. json_columns: texts that are JSON. newest_by: of two rows with one
    primary key in one load the one with the later value stays. hard_delete: a boolean column; a row
    where it is true only deletes.
    """

    name: str
    schema: pa.Schema
    primary_key: Sequence[str] = ()
    merge_key: Sequence[str] = ()
    json_columns: Sequence[str] = ()
    newest_by: str | None = None
    hard_delete: str | None = None

    def hints(self, *, arrow: bool) -> dict[str, Any]:
        """Return the keywords of `dlt.resource` and `dlt.transformer`.

        arrow: the data are Arrow tables of the schema, in which no two rows have one primary key,
        as DuckDB reads them from a run folder. Otherwise they are dictionaries, whose types dlt has
        to be told, and of rows with one primary key it keeps one.
        """
        columns: dict[str, Any] = {
            field.name: {"nullable": field.nullable} for field in self.schema
        }
        if not arrow:
            for field in self.schema:
                columns[field.name]["data_type"] = _DLT_TYPES[field.type]
        for column in self.json_columns:
            columns[column]["data_type"] = "json"
        for column in self.primary_key:
            # A schema that an earlier version stored may say that rows are merged by it.
            columns[column]["merge_key"] = False
        if self.newest_by:
            columns[self.newest_by]["dedup_sort"] = "desc"
        if self.hard_delete:
            columns[self.hard_delete]["hard_delete"] = True
        merge = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": arrow}
        return {
            "name": self.name,
            "primary_key": list(self.primary_key) or None,
            "merge_key": list(self.merge_key) or None,
            "write_disposition": merge,
            "columns": columns,
            "schema_contract": {"columns": "freeze"},
        }

    def per_run(self) -> Self:
        """Return the table as one in which the rows of a run replace those of that run alone: what
        several runs read stands side by side, in whatever order they are loaded."""
        keys = {name: getattr(self, name) for name in ("primary_key", "merge_key")}
        return replace(self, **{name: [*key, "run_id"] for name, key in keys.items() if key})

    def resource(self, tables: Iterable[pa.Table]) -> DltResource:
        """Return the dlt resource of Arrow tables in which no two rows have one primary key."""
        return dlt.resource(iter(tables), **self.hints(arrow=True))

    def empty(self) -> pa.Table:
        """Return the table without rows; dlt makes the bronze table of it even if none follow."""
        return self.schema.empty_table()

    def of(self, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
        """Return rows as a table; a key that a row does not have is null."""
        named = [{name: row.get(name) for name in self.schema.names} for row in rows]
        return pa.Table.from_pylist(named, schema=self.schema)

    def batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
        """Yield what a query gives as tables of the schema, first an empty one."""
        yield self.empty()
        for batch in reader:
            yield pa.Table.from_batches([batch]).cast(self.schema)
