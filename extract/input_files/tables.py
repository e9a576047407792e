"""The two bronze tables of input files, and their rows."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import pyarrow as pa

from assay.extract.input_files.observe import Observed
from assay.extract.landing.table import UTC_TIME, BronzeTable

INPUT_FILES = BronzeTable(
    "input_files",
    pa.schema(
        [
            pa.field("input_name", pa.string(), nullable=False),
            pa.field("path", pa.string(), nullable=False),
            pa.field("content", pa.string(), nullable=False),
            pa.field("csv_rows", pa.string()),
            pa.field("sha256", pa.string(), nullable=False),
            pa.field("size", pa.int64(), nullable=False),
        ]
    ),
    merge_key=("input_name",),
    json_columns=("csv_rows",),
)
INPUT_FINGERPRINTS = BronzeTable(
    "input_fingerprints",
    pa.schema(
        [
            pa.field("input_name", pa.string(), nullable=False),
            pa.field("fingerprint", pa.string(), nullable=False),
            pa.field("changed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=("input_name",),
)
BATCH_ROWS = 1_000


def file_rows(observed: Iterable[Observed]) -> list[dict[str, Any]]:
    """Return the rows of input_files."""
    return [
        {
            "input_name": one.name,
            "path": file.path,
            "content": file.content,
            "csv_rows": None
            if file.rows is None
            else orjson.dumps([row.values for row in file.rows]).decode(),
            "sha256": file.sha256,
            "size": file.size,
        }
        for one in observed
        for file in one.files
    ]


def file_tables(observed: Iterable[Observed]) -> Iterator[pa.Table]:
    """Yield the rows of input_files, first a table without any: it makes the bronze table."""
    yield INPUT_FILES.empty()
    rows = file_rows(observed)
    for first in range(0, len(rows), BATCH_ROWS):
        yield INPUT_FILES.of(rows[first : first + BATCH_ROWS])
