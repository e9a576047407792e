"""One row per post with its text cleaned; only posts are cleaned again that are new or changed, or
of whose lines others are now known to be their place's form."""

from collections.abc import Iterator

import pyarrow as pa

from assay.mining.text.clean import CLEANING_VERSION, clean
from assay.mining.text.forms import Form

BATCH_ROWS = 2_000
SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("cleaning_version", pa.string()),
        pa.field("title", pa.string()),
        pa.field("text", pa.string()),
        pa.field("is_cut", pa.bool_()),
    ]
)


def model(dbt, session):
    """Return a reader over the cleaned posts that the table does not have yet."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    posts = dbt.ref("int_posts_cleaned__inputs")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(f"cleaning_version = '{CLEANING_VERSION}'")
        posts = posts.join(done.project("url_hash, content_hash"), "url_hash, content_hash", "anti")
    reader = posts.to_arrow_reader(BATCH_ROWS)
    return pa.RecordBatchReader.from_batches(SCHEMA, _cleaned(reader))


def _cleaned(batches: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = ("source", "title", "body", "form_headings", "form_facts", "form_lines")
        posts = zip(*(batch[name].to_pylist() for name in columns), strict=True)
        rows = [
            clean(
                source, title, body, Form(frozenset(headings), frozenset(facts), frozenset(lines))
            )
            for source, title, body, headings, facts, lines in posts
        ]
        yield pa.RecordBatch.from_arrays(
            [
                batch["url_hash"],
                batch["content_hash"],
                pa.array([CLEANING_VERSION] * len(rows)),
                pa.array([row.title for row in rows]),
                pa.array([row.text for row in rows]),
                pa.array([row.cut for row in rows], pa.bool_()),
            ],
            schema=SCHEMA,
        )
