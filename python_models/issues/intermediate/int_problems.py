"""One row per post that is no copy: whether it tells of a problem that developers have."""

import hashlib

import numpy as np
import pyarrow as pa

from assay.dbt.embedding import embed_texts
from assay.dbt.progress import show_progress
from assay.dbt.relations import is_value
from assay.mining.embed import embedding_setting
from assay.mining.label.problem import (
    LEFT_OUT_SCORE,
    MIN_SCORE,
    MIN_SUBJECT,
    PROBLEM_VERSION,
    bonus,
    likeness,
    subject_scores,
)

SCHEMA = pa.schema(
    [
        pa.field("url_hash", pa.string()),
        pa.field("text_hash", pa.string()),
        pa.field("problem_score", pa.float32()),
        pa.field("subject_score", pa.float32()),
        pa.field("is_problem", pa.bool_()),
        pa.field("problem_rules", pa.string()),
    ]
)
COLUMNS = (
    "url_hash, text_hash, source, title, text, is_left_out, is_second_hand, is_link, embedding"
)
AT_ONCE = 5_000  # posts in memory


def model(dbt, session):
    """Return the posts that were not judged yet by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental",
        unique_key="url_hash",
        incremental_strategy="delete+insert",
        on_schema_change="append_new_columns",
    )
    show_progress()
    seed = dbt.ref("problem_prototypes").order("kind, prototype").fetchall()
    parts = (PROBLEM_VERSION, embedding_setting(), seed)
    rules = hashlib.md5(repr(parts).encode()).hexdigest()[:12]  # noqa: S324 - no secret
    pending = dbt.ref("int_problems__inputs")
    if dbt.is_incremental:
        same_rules = is_value("problem_rules", rules)
        done = session.sql(f"from {dbt.this}").filter(same_rules)
        pending = pending.join(done.project("url_hash, text_hash"), "url_hash, text_hash", "anti")
    rows = pending.project(COLUMNS).order("url_hash")
    batches, prototypes = [], None
    while posts := rows.fetchmany(AT_ONCE):
        prototypes = (
            embed_texts([text for _, text in seed], session) if prototypes is None else prototypes
        )
        vectors = np.array([post[-1] for post in posts], np.float32)
        kinds = [kind for kind, _ in seed]
        subjects = subject_scores(vectors, prototypes, kinds, [post[2] for post in posts])
        scores = likeness(vectors, prototypes, kinds)
        scores += np.array([bonus(*post[2:5], is_link=post[-2]) for post in posts], np.float32)
        scores[[post[5] for post in posts]] = LEFT_OUT_SCORE
        is_problem = (scores >= MIN_SCORE) & (subjects >= MIN_SUBJECT)
        is_problem &= ~np.array([post[6] for post in posts])
        batches.append(
            pa.Table.from_arrays(
                [
                    pa.array([post[0] for post in posts]),
                    pa.array([post[1] for post in posts]),
                    pa.array(scores),
                    pa.array(subjects),
                    pa.array(is_problem),
                    pa.array([rules] * len(posts)),
                ],
                schema=SCHEMA,
            )
        )
    return pa.concat_tables(batches) if batches else SCHEMA.empty_table()
