"""One row per post: what of it may be its place's form; only new and changed posts are read."""

from collections.abc import Iterator

import pyarrow as pa

from assay.dbt.relations import is_value
from assay.mining.text.clean import form_units, title_key
from assay.mining.text.forms import FORMS_VERSION

BATCH_ROWS = 2_000
UNIT = pa.struct(
    [pa.field("section", pa.int64()), pa.field("line", pa.int64()), pa.field("words", pa.int32())]
)
SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("units_version", pa.string()),
        pa.field("title_key", pa.int64()),
        pa.field("units", pa.list_(UNIT)),
    ]
)


def model(dbt, session):
    """Return a reader over the units of posts that the table does not have yet."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    posts = dbt.ref("stg_posts").project("url_hash, source, title, body, content_hash")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(is_value("units_version", FORMS_VERSION))
        posts = posts.join(done.project("url_hash, content_hash"), "url_hash, content_hash", "anti")
    return pa.RecordBatchReader.from_batches(SCHEMA, _read(posts.to_arrow_reader(BATCH_ROWS)))


def _read(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        bodies = zip(batch["source"].to_pylist(), batch["body"].to_pylist(), strict=True)
        units = [
            [
                {"section": unit.section, "line": unit.line, "words": unit.words}
                for unit in form_units(source, body)
            ]
            for source, body in bodies
        ]
        yield pa.RecordBatch.from_arrays(
            [
                batch["url_hash"],
                batch["content_hash"],
                pa.array([FORMS_VERSION] * len(units)),
                pa.array([title_key(title) for title in batch["title"].to_pylist()], pa.int64()),
                pa.array(units, pa.list_(UNIT)),
            ],
            schema=SCHEMA,
        )
