"""One row per fingerprint of a cluster with the label that costs nothing."""

import hashlib
from collections import defaultdict

import numpy as np
import pyarrow as pa

from assay.dbt.progress import show_progress
from assay.mining.embed import (
    EmbeddingCache,
    embed_cached,
    embedding_setting,
    engine_from_environment,
)
from assay.mining.label.local import (
    LABELING_VERSION,
    MEMBERS_FOR_CATEGORY,
    Member,
    Prototypes,
    local_label,
)
from assay.warehouse import data_dir

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
# Rows in order, put together in Python: lists of posts take DuckDB many times their size.
MEMBERS_SQL = """
    with members as (
        select fingerprint, unnest(members) as member
        from staged semi join pending using (cluster_date, cluster_id)
    )
    select m.fingerprint, m.member.url_hash as url_hash, m.member.position as position
    from members as m where not m.member.is_outlier
"""
POSTS_SQL = f"""
    select m.fingerprint, d.title, d.text, d.source,
        coalesce(d.score, 0) + coalesce(d.comment_count, 0) as engagement, p.is_problem
    from ({MEMBERS_SQL}) as m
    join documents as d using (url_hash) join problems as p using (url_hash)
    order by m.fingerprint, m.position
"""  # noqa: S608 - our own text
VECTORS_SQL = f"""
    select m.fingerprint, e.embedding
    from ({MEMBERS_SQL}) as m join embeddings as e using (url_hash)
    where m.position < {MEMBERS_FOR_CATEGORY} order by m.fingerprint, m.position
"""  # noqa: S608 - our own text and number


def model(dbt, session):
    """Return labels of clusters that have none by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    show_progress()
    seed = dbt.ref("issue_categories").order("category, prototype").fetchall()
    setting, problems = embedding_setting(), dbt.ref("stg_problems")
    judged = problems.project("problem_rules").distinct().order("problem_rules").fetchall()
    rules = hashlib.md5(  # noqa: S324 - no secret
        repr((LABELING_VERSION, setting, seed, judged)).encode()
    ).hexdigest()[:12]
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
        members, vectors = defaultdict(list), defaultdict(list)
        for fingerprint, *post in session.sql(POSTS_SQL).fetchall():
            members[fingerprint].append(Member(*post))
        for fingerprint, vector in session.sql(VECTORS_SQL).fetchall():
            vectors[fingerprint].append(vector)
        for fingerprint in sorted(members):
            matrix = np.array(vectors[fingerprint], np.float32)
            found = local_label(members[fingerprint], matrix, summaries[fingerprint], prototypes)
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
