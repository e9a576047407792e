"""One row per fingerprint of a cluster with the label that costs nothing."""

import hashlib

import numpy as np
import pyarrow as pa

from assay.progress import show_progress
from assay.warehouse import data_dir
from mining.embed import EmbeddingCache, embed_cached, embedding_setting, engine_from_environment
from mining.label import (
    LABELING_VERSION,
    MEMBERS_FOR_CATEGORY,
    Member,
    Prototypes,
    local_label,
)

AT_ONCE = 200  # clusters, so that memory does not grow with the number of days
SCHEMA = pa.schema(
    [
        pa.field("fingerprint", pa.string()),
        pa.field("canonical_title", pa.string()),
        pa.field("category", pa.string()),
        pa.field("description", pa.string()),
        pa.field("would_pay_signal", pa.bool_()),
        pa.field("impact_level", pa.string()),
        pa.field("model", pa.string()),
        pa.field("prompt_version", pa.string()),
    ]
)
MEMBERS_SQL = f"""
    with members as (
        select fingerprint, unnest(members) as member
        from staged semi join pending using (cluster_date, cluster_id)
    )
    select m.fingerprint,
        list(struct_pack(title := d.title, text := d.text, source := d.source,
            engagement := coalesce(d.score, 0) + coalesce(d.comment_count, 0))
            order by m.member.position) as posts,
        list(e.embedding order by m.member.position)
            filter (where m.member.position < {MEMBERS_FOR_CATEGORY}) as vectors
    from members as m
    join documents as d on m.member.url_hash = d.url_hash
    join embeddings as e on m.member.url_hash = e.url_hash
    where not m.member.is_outlier
    group by m.fingerprint order by m.fingerprint
"""  # noqa: S608 - our own number


def model(dbt, session):
    """Return labels of clusters that have none by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    show_progress()
    seed = dbt.ref("issue_categories").order("category, prototype").fetchall()
    setting = embedding_setting()
    rules = hashlib.md5(repr((LABELING_VERSION, setting, seed)).encode()).hexdigest()[:12]  # noqa: S324
    clusters, staged = dbt.ref("clusters"), dbt.ref("stg_clusters")  # noqa: F841 - in the SQL
    documents, embeddings = dbt.ref("documents"), dbt.ref("embeddings")  # noqa: F841
    # The same posts on two days are one fingerprint, labelled once.
    wanted = """
        select fingerprint, min(cluster_date) as cluster_date,
            arg_min(cluster_id, cluster_date) as cluster_id,
            arg_min(summary, cluster_date) as summary
        from clusters group by fingerprint
    """
    if dbt.is_incremental:
        done = dbt.this
        wanted = (
            f"select * from ({wanted}) where fingerprint not in"  # noqa: S608
            f" (select fingerprint from {done} where prompt_version = '{rules}')"
        )
    wanted = session.sql(wanted).order("cluster_date, cluster_id").fetchall()
    prototypes = _prototypes(seed) if wanted else None
    labels = []
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        summaries = {fingerprint: summary for fingerprint, _, _, summary in some}
        pending = pa.table(  # noqa: F841 - in the SQL
            {
                "cluster_date": pa.array([row[1] for row in some], pa.date32()),
                "cluster_id": pa.array([row[2] for row in some], pa.int32()),
            }
        )
        for fingerprint, posts, vectors in session.sql(MEMBERS_SQL).fetchall():
            members = [Member(**post) for post in posts]
            matrix = np.array(vectors, np.float32)
            found = local_label(members, matrix, summaries[fingerprint], prototypes)
            labels.append({"fingerprint": fingerprint, **vars(found)})
    by = {"model": f"prototypes by {setting}", "prompt_version": rules}
    return pa.Table.from_pylist([label | by for label in labels], schema=SCHEMA)


def _prototypes(seed: list[tuple[str, str]]) -> Prototypes:
    folder = data_dir() / "embeddings"
    engine = engine_from_environment(folder, dimension=None)
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    vectors = embed_cached([sentence for _, sentence in seed], engine, cache)
    return Prototypes([category for category, _ in seed], vectors)
