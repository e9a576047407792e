"""One row per post on the map of the last clustered day; a day is laid out once."""

import numpy as np
import pyarrow as pa

from assay.mining.cluster.layout import LAYOUT_VERSION, lay_out

MAX_POSTS = 1500  # more than the eye tells apart, and seconds to lay out
SCHEMA = pa.schema(
    [
        pa.field("cluster_date", pa.date32()),
        pa.field("cluster_id", pa.int32()),
        pa.field("url_hash", pa.string()),
        pa.field("x", pa.float32()),
        pa.field("y", pa.float32()),
        pa.field("map_fingerprint", pa.string()),
    ]
)


def model(dbt, session):
    """Return the last day's places, or nothing when they are known."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    inputs = dbt.ref("int_issue_map__inputs")
    posts = inputs.order("position, cluster_id").limit(MAX_POSTS).to_arrow_table()
    known = set()
    if dbt.is_incremental:
        known = set(session.sql(f"select distinct map_fingerprint from {dbt.this}").fetchall())  # noqa: S608
    if not posts.num_rows:
        return SCHEMA.empty_table()
    fingerprint = f"{LAYOUT_VERSION} {posts['day_fingerprint'][0].as_py()}"
    if (fingerprint,) in known:
        return SCHEMA.empty_table()
    flat = posts["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = np.asarray(flat, np.float32).reshape(posts.num_rows, -1)
    places = lay_out(vectors, posts["cluster_id"].to_numpy())
    return pa.Table.from_arrays(
        [
            *posts.select(["cluster_date", "cluster_id", "url_hash"]).columns,
            pa.array(places[:, 0]),
            pa.array(places[:, 1]),
            pa.array([fingerprint] * posts.num_rows, pa.string()),
        ],
        schema=SCHEMA,
    )
