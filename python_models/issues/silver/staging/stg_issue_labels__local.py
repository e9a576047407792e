"""One row per fingerprint of a cluster with the label that costs nothing."""

import hashlib

import numpy as np
import pyarrow as pa

from assay.warehouse import data_dir
from mining.embed import EmbeddingCache, embed_cached, embedding_setting, engine_from_environment
from mining.label import LABELING_VERSION, Member, Prototypes, local_label

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
MEMBERS_SQL = """
    with members as (
        select c.fingerprint, any_value(c.summary) as summary, unnest(any_value(s.members)) as member
        from clusters as c join staged as s using (cluster_date, cluster_id)
        where c.fingerprint in (select fingerprint from pending)
        group by c.fingerprint
    )
    select m.fingerprint, any_value(m.summary) as summary,
        list({'title': d.title, 'text': d.text, 'source': d.source,
            'engagement': coalesce(d.score, 0) + coalesce(d.comment_count, 0)}
            order by m.member.position) as posts,
        list(e.embedding order by m.member.position) as vectors
    from members as m
    join documents as d on m.member.url_hash = d.url_hash
    join embeddings as e on m.member.url_hash = e.url_hash
    where not m.member.is_outlier
    group by m.fingerprint order by m.fingerprint
"""


def model(dbt, session):
    """Return labels of clusters that have none by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    seed = dbt.ref("issue_categories").order("category, prototype").fetchall()
    setting = embedding_setting()
    rules = hashlib.md5(repr((LABELING_VERSION, setting, seed)).encode()).hexdigest()[:12]  # noqa: S324
    clusters, staged = dbt.ref("clusters"), dbt.ref("stg_clusters")  # noqa: F841 - in the SQL
    documents, embeddings = dbt.ref("documents"), dbt.ref("embeddings")  # noqa: F841
    wanted = "select distinct fingerprint from clusters"
    if dbt.is_incremental:
        wanted += f" except select fingerprint from {dbt.this} where prompt_version = '{rules}'"
    pending = session.sql(wanted)
    rows = session.sql(MEMBERS_SQL).to_arrow_table().to_pylist()
    if not rows:
        return SCHEMA.empty_table()
    prototypes = _prototypes(seed)
    labels = [
        {
            "fingerprint": row["fingerprint"],
            **vars(
                local_label(
                    [Member(**post) for post in row["posts"]],
                    np.array(row["vectors"], np.float32),
                    row["summary"],
                    prototypes,
                )
            ),
            "model": f"prototypes by {setting}",
            "prompt_version": rules,
        }
        for row in rows
    ]
    del pending
    return pa.Table.from_pylist(labels, schema=SCHEMA)


def _prototypes(seed: list[tuple[str, str]]) -> Prototypes:
    folder = data_dir() / "embeddings"
    engine = engine_from_environment(folder)
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    vectors = embed_cached([sentence for _, sentence in seed], engine, cache)
    return Prototypes([category for category, _ in seed], vectors)
