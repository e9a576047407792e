"""One row per post that is no copy: whether it tells of a problem."""

import hashlib

import numpy as np
import pyarrow as pa

from assay.dbt.progress import show_progress
from assay.mining.embed import (
    EmbeddingCache,
    embed_cached,
    embedding_setting,
    engine_from_environment,
)
from assay.mining.label.problem import MIN_SCORE, PROBLEM_VERSION, bonus, likeness
from assay.warehouse import data_dir

SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("text_hash", pa.string()),
        pa.field("problem_score", pa.float32()),
        pa.field("is_problem", pa.bool_()),
        pa.field("problem_rules", pa.string()),
    ]
)
POSTS_SQL = """
    select e.url_hash, e.text_hash, d.source, d.title, d.text, d.link_url is not null, e.embedding
    from embeddings as e join documents as d using (url_hash)
    order by e.url_hash
"""
AT_ONCE = 5_000  # posts in memory


def model(dbt, session):
    """Return the posts that were not judged yet by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    show_progress()
    seed = dbt.ref("problem_prototypes").order("kind, prototype").fetchall()
    parts = (PROBLEM_VERSION, embedding_setting(), seed)
    rules = hashlib.md5(repr(parts).encode()).hexdigest()[:12]  # noqa: S324 - no secret
    documents, embeddings = dbt.ref("documents"), dbt.ref("embeddings")  # noqa: F841 - in the SQL
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}")  # noqa: F841 - in the SQL
        embeddings = session.sql(  # noqa: F841
            "select e.* from embeddings as e anti join done on e.url_hash = done.url_hash"
            " and e.text_hash = done.text_hash and done.problem_rules = $rules",
            params={"rules": rules},
        )
    rows = session.sql(POSTS_SQL)
    batches, prototypes = [], None
    while posts := rows.fetchmany(AT_ONCE):
        prototypes = _prototypes([text for _, text in seed]) if prototypes is None else prototypes
        vectors = np.array([post[-1] for post in posts], np.float32)
        scores = likeness(vectors, prototypes, [kind for kind, _ in seed])
        scores += np.array(
            [bonus(*post, is_link=is_link) for _, _, *post, is_link, _ in posts], np.float32
        )
        batches.append(
            pa.Table.from_arrays(
                [
                    pa.array([post[0] for post in posts]),
                    pa.array([post[1] for post in posts]),
                    pa.array(scores),
                    pa.array(scores >= MIN_SCORE),
                    pa.array([rules] * len(posts)),
                ],
                schema=SCHEMA,
            )
        )
    return pa.concat_tables(batches) if batches else SCHEMA.empty_table()


def _prototypes(sentences: list[str]) -> np.ndarray:
    folder = data_dir() / "embeddings"
    engine = engine_from_environment(folder, dimension=None)
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    return embed_cached(sentences, engine, cache)
