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
# The most central posts of every cluster come first, so that a cut leaves no cluster out.
POSTS_SQL = """
    with last_day as (
        select cluster_date, cluster_id, day_fingerprint, unnest(members) as member
        from clusters where cluster_date = (select max(cluster_date) from clusters)
    )
    select l.cluster_date, l.cluster_id, l.member.url_hash as url_hash, e.embedding,
        l.member.position as position, $version || l.day_fingerprint as map_fingerprint
    from last_day as l join embeddings as e on l.member.url_hash = e.url_hash
    order by position, l.cluster_id limit $most
"""


def model(dbt, session):
    """Return the last day's places, or nothing when they are known."""
    dbt.config(
        materialized="incremental", unique_key="cluster_date", incremental_strategy="delete+insert"
    )
    clusters, embeddings = dbt.ref("stg_clusters"), dbt.ref("embeddings")  # noqa: F841 - in the SQL
    given = {"most": MAX_POSTS, "version": f"{LAYOUT_VERSION} "}
    # Once more: what comes of sql() with params is read by many threads, in any order.
    posts = session.sql(POSTS_SQL, params=given).order("position, cluster_id").to_arrow_table()
    known = set()
    if dbt.is_incremental:
        known = set(session.sql(f"select distinct map_fingerprint from {dbt.this}").fetchall())  # noqa: S608
    if not posts.num_rows or (posts["map_fingerprint"][0].as_py(),) in known:
        return SCHEMA.empty_table()
    flat = posts["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors = np.asarray(flat, np.float32).reshape(posts.num_rows, -1)
    places = lay_out(vectors, posts["cluster_id"].to_numpy())
    return pa.Table.from_arrays(
        [
            *posts.select(["cluster_date", "cluster_id", "url_hash"]).columns,
            pa.array(places[:, 0]),
            pa.array(places[:, 1]),
            posts["map_fingerprint"],
        ],
        schema=SCHEMA,
    )
