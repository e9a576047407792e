"""The two bronze tables of posts, and the dlt resources that load them.

The resources are the same for our own commands, which read a run folder, and for the dlt sources
that anybody can run (live.py): both take parts, of which each holds rows of one or both tables.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from assay.extract.landing.table import UTC_TIME, BronzeTable

RAW_ITEMS = BronzeTable(
    "raw_items",
    pa.schema(
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
            pa.field("created_at", UTC_TIME, nullable=False),
            pa.field("collected_at", UTC_TIME, nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
        ]
    ),
    primary_key=("url_hash",),
    json_columns=("raw",),
    newest_by="collection_date",
)
COLLECTED_WINDOWS = BronzeTable(
    "collected_windows",
    pa.schema(
        [
            pa.field("source", pa.string(), nullable=False),
            pa.field("query", pa.string(), nullable=False),
            pa.field("collection_date", pa.date32(), nullable=False),
            pa.field("window_start", UTC_TIME, nullable=False),
            pa.field("window_end", UTC_TIME, nullable=False),
            pa.field("items", pa.int64(), nullable=False),
            pa.field("dropped", pa.int64(), nullable=False),
            pa.field("truncated", pa.bool_(), nullable=False),
            pa.field("is_final", pa.bool_(), nullable=False),
            pa.field("reason", pa.string()),
            pa.field("dropped_why", pa.string()),
            pa.field("collected_at", UTC_TIME, nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
        ]
    ),
    merge_key=("source", "query", "collection_date"),
    json_columns=("dropped_why",),
)

# Rows by the name of their table: an Arrow table, or a list of dictionaries.
Rows = pa.Table | list[dict[str, Any]]
Part = Mapping[str, Rows]


def resources(parts: DltResource, *, arrow: bool) -> tuple[DltResource, DltResource]:
    """Return the resources of both tables over a resource that yields parts.

    A post replaces what is stored of the same URL, windows those of the same query and day. arrow:
    what the parts hold (BronzeTable.hints).
    """

    @dlt.transformer(data_from=parts, **RAW_ITEMS.hints(arrow=arrow))
    def raw_items(part: Part) -> Iterator[Any]:
        """One row per post, as last collected."""
        yield from _rows(part, RAW_ITEMS)

    @dlt.transformer(data_from=parts, **COLLECTED_WINDOWS.hints(arrow=arrow))
    def collected_windows(part: Part) -> Iterator[Any]:
        """One row per window of time that was asked for: what came, and what was kept back."""
        yield from _rows(part, COLLECTED_WINDOWS)

    return raw_items, collected_windows


def _rows(part: Part, table: BronzeTable) -> Iterator[Any]:
    rows = part.get(table.name)
    if rows == []:
        # No row, but the table shall be there.
        yield dlt.mark.materialize_table_schema()
    elif rows is not None:
        yield rows
