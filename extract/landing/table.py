"""What dlt is told of one bronze table: the same for our commands and for anybody's pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

BATCH_ROWS = 50_000
UTC_TIME = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class BronzeTable:
    """One bronze table and how rows come to it.

    schema: names, types and which may be null; no load adds a column to it (`frozen`). primary_key:
    the columns that name a row. merge_key: the columns that name what is replaced as one, where
    that is more than a row, say all models of a task. json_columns: texts that are JSON.
    newest_by: of two rows with one primary key in one load the one with the later value stays.
    hard_delete: a boolean column; a row where it is true only deletes.
    """

    name: str
    schema: pa.Schema
    primary_key: Sequence[str] = ()
    merge_key: Sequence[str] = ()
    json_columns: Sequence[str] = ()
    newest_by: str | None = None
    hard_delete: str | None = None

    def hints(self, *, deduplicated: bool = False) -> dict[str, Any]:
        """Return the keywords of `dlt.resource` and `dlt.transformer`.

        deduplicated: no load holds two rows with one primary key, so dlt need not look for them;
        rows then keep their order.
        """
        columns: dict[str, Any] = {
            field.name: {"nullable": field.nullable} for field in self.schema
        }
        for column in self.json_columns:
            columns[column]["data_type"] = "json"
        if self.newest_by:
            columns[self.newest_by]["dedup_sort"] = "desc"
        if self.hard_delete:
            columns[self.hard_delete]["hard_delete"] = True
        return {
            "name": self.name,
            "primary_key": list(self.primary_key),
            "merge_key": list(self.merge_key),
            "write_disposition": self.disposition(deduplicated=deduplicated),
            "columns": columns,
            "schema_contract": {"columns": "freeze"},
        }

    def disposition(self, *, deduplicated: bool = False) -> dict[str, Any]:
        """Return dlt's write disposition: delete what has a key of the load, then insert all."""
        return {"disposition": "merge", "strategy": "delete-insert", "deduplicated": deduplicated}

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
