"""One vector per post that is no copy; only new and changed texts are looked up or computed."""

import numpy as np
import pyarrow as pa

from assay.dbt.embedding import embed_posts
from assay.dbt.progress import show_progress
from assay.dbt.relations import is_value
from assay.mining.embed import embedding_setting

SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("embedding", pa.list_(pa.float32())),
        pa.field("embedding_date", pa.date32()),
        pa.field("model", pa.string()),
        pa.field("text_hash", pa.string()),
        pa.field("unread_characters", pa.int64()),
    ]
)
AT_ONCE = 20_000  # posts whose texts, windows and vectors are in memory, about 20 KB each


def model(dbt, session):
    """Return the vectors that the table does not have, in the order of url_hash."""
    dbt.config(
        materialized="incremental",
        unique_key="url_hash",
        incremental_strategy="delete+insert",
        on_schema_change="append_new_columns",
    )
    show_progress()
    setting = embedding_setting()
    pending = dbt.ref("documents").filter("duplicate_of is null")
    pending = pending.project(
        "url_hash, text_hash, collection_date, concat_ws(chr(10), title, text) as content"
    )
    if dbt.is_incremental:
        same_engine = is_value("model", setting)
        done = session.sql(f"from {dbt.this}").filter(same_engine)
        pending = pending.join(done.project("url_hash, text_hash"), "url_hash, text_hash", "anti")
    rows = pending.order("url_hash").to_arrow_table()
    dimension = int(dbt.config.get("embedding_dimension"))
    parts = [
        _embedded(rows.slice(start, AT_ONCE), session, dimension, setting)
        for start in range(0, rows.num_rows, AT_ONCE)
    ]
    return pa.concat_tables(parts) if parts else SCHEMA.empty_table()


def _embedded(rows, session, dimension, setting):
    vectors, unread = embed_posts(rows["content"], session, dimension)
    offsets = pa.array(np.arange(0, vectors.size + 1, vectors.shape[1], dtype=np.int32))
    return pa.Table.from_arrays(
        [
            rows["url_hash"],
            pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel(), pa.float32())),
            rows["collection_date"],
            pa.array([setting] * rows.num_rows, pa.string()),
            rows["text_hash"],
            pa.array(unread),
        ],
        schema=SCHEMA,
    )
