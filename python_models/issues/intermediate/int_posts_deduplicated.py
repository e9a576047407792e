"""One row per post, naming the earlier post that it repeats.

A new post may be the first of posts that are known, so all are folded again as soon as one is new
or changed, and none when nothing is.
"""

import pyarrow as pa

from assay.mining.duplicates.deduplicate import DEDUPLICATION_VERSION, deduplicate

SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("content_hash", pa.string()),
        pa.field("folding_version", pa.string()),
        pa.field("duplicate_of", pa.string()),
        pa.field("similarity", pa.float32()),
    ]
)


def model(dbt, session):
    """Return all posts folded, or no row when the table has them already."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    posts = dbt.ref("int_posts_deduplicated__inputs").project(
        "url_hash as key, posted_at, title, text, link_hash as link_key, content_hash"
    )
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(
            f"folding_version = '{DEDUPLICATION_VERSION}'"
        )
        known = done.project("url_hash as key, content_hash")
        if not posts.join(known, "key, content_hash", "anti").limit(1).fetchall():
            return SCHEMA.empty_table()
    table = posts.order("posted_at, key").to_arrow_table()
    folded = deduplicate(table.select(["key", "posted_at", "title", "text", "link_key"]))
    return pa.Table.from_arrays(
        [
            table["key"],
            table["content_hash"],
            pa.array([DEDUPLICATION_VERSION] * table.num_rows, pa.string()),
            folded["duplicate_of"],
            folded["similarity"],
        ],
        schema=SCHEMA,
    )
