"""One row per post: what kind it is by the API, by what comes back and by its words, in which
language it is written, and why it is left out of the issues, if it is."""

from collections.abc import Iterator

import pyarrow as pa

from assay.dbt.relations import is_value
from assay.mining.embed import embedding_setting
from assay.mining.label.kind import KINDS_VERSION, LEFT_OUT, Signs, kind_of
from assay.mining.text.language import LANGUAGE_VERSION, is_covered, language

BATCH_ROWS = 2_000
SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("signs_hash", pa.string()),
        pa.field("kind_rules", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("kind_sign", pa.string()),
        pa.field("is_sure", pa.bool_()),
        pa.field("language", pa.string()),
        pa.field("left_out", pa.string()),
    ]
)


def model(dbt, session):
    """Return a reader over the kinds of posts that were not told apart yet by these rules."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    embedding = embedding_setting()
    rules = f"{KINDS_VERSION}.{LANGUAGE_VERSION} {embedding.split(' ', 1)[0]}"
    posts = dbt.ref("int_post_kinds__inputs")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(is_value("kind_rules", rules))
        posts = posts.join(done.project("url_hash, signs_hash"), "url_hash, signs_hash", "anti")
    reader = posts.to_arrow_reader(BATCH_ROWS)
    return pa.RecordBatchReader.from_batches(SCHEMA, _told(reader, rules, embedding))


def _told(batches: pa.RecordBatchReader, rules: str, embedding: str) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = [_row(post, rules, embedding) for post in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def _row(post: dict, rules: str, embedding: str) -> dict:
    url_hash, signs_hash = post.pop("url_hash"), post.pop("signs_hash")
    lists = {name: tuple(post[name] or ()) for name in ("labels", "tags")}
    kind = kind_of(Signs(**post | lists))
    written_in = language(f"{post['title']}\n{post['text']}")
    left_out = kind.name if kind.name in LEFT_OUT else None
    if not left_out and not is_covered(written_in, embedding):
        left_out = "language"
    return {
        "url_hash": url_hash,
        "signs_hash": signs_hash,
        "kind_rules": rules,
        "kind": kind.name,
        "kind_sign": kind.sign,
        "is_sure": kind.is_sure,
        "language": written_in,
        "left_out": left_out,
    }
