"""One vector per post that is no copy; only new and changed texts are looked up or computed."""

import numpy as np
import pyarrow as pa

from assay.dbt.progress import show_progress
from assay.mining.embed import (
    EmbeddingCache,
    embed_cached,
    embedding_setting,
    engine_from_environment,
)
from assay.warehouse import data_dir

SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("embedding", pa.list_(pa.float32())),
        pa.field("embedding_date", pa.date32()),
        pa.field("model", pa.string()),
        pa.field("text_hash", pa.string()),
    ]
)


def model(dbt, session):
    """Return the vectors that the table does not have, in the order of url_hash."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    show_progress()
    setting = embedding_setting()
    pending = dbt.ref("documents").filter("duplicate_of is null")
    pending = pending.project(
        "url_hash, text_hash, collection_date, concat_ws(chr(10), title, text) as content"
    )
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").project("url_hash, text_hash, model")  # noqa: F841
        pending = session.sql(
            "select pending.* from pending anti join done"
            " on pending.url_hash = done.url_hash and pending.text_hash = done.text_hash"
            " and done.model = $setting",
            params={"setting": setting},
        )
    rows = pending.order("url_hash").to_arrow_table()
    if not rows.num_rows:
        return SCHEMA.empty_table()
    folder = data_dir() / "embeddings"
    engine = engine_from_environment(folder, int(dbt.config.get("embedding_dimension")))
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    vectors = embed_cached(rows["content"], engine, cache)
    offsets = pa.array(np.arange(0, vectors.size + 1, engine.dimension, dtype=np.int32))
    return pa.Table.from_arrays(
        [
            rows["url_hash"],
            pa.ListArray.from_arrays(offsets, pa.array(vectors.ravel(), pa.float32())),
            rows["collection_date"],
            pa.array([setting] * rows.num_rows, pa.string()),
            rows["text_hash"],
        ],
        schema=SCHEMA,
    )
