"""One row per fingerprint of a cluster with the label that costs nothing."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from assay.dbt.embedding import embed_texts
from assay.dbt.progress import show_progress
from assay.dbt.relations import is_among
from assay.mining.embed import embedding_setting
from assay.mining.label.local import (
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
POST = "title, text, source, engagement, is_problem"


def model(dbt, session):
    """Return labels of clusters that have none by these rules, prototypes and embeddings."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    show_progress()
    seed = dbt.ref("issue_categories").order("category, prototype").fetchall()
    inputs, setting = dbt.ref("int_issue_labels__local__inputs"), embedding_setting()
    judged = inputs.project("unnest(problem_rules) as rule").distinct().order("rule").fetchall()
    rules = hashlib.md5(  # noqa: S324 - no secret
        repr((LABELING_VERSION, setting, seed, judged)).encode()
    ).hexdigest()[:12]
    wanted = inputs.project("fingerprint, cluster_date, cluster_id, summary").distinct()
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(f"prompt_version = '{rules}'")
        wanted = wanted.join(done.project("fingerprint"), "fingerprint", "anti")
    wanted = wanted.order("cluster_date, cluster_id").fetchall()
    summaries = {fingerprint: summary for fingerprint, _, _, summary in wanted}
    categories = [category for category, _ in seed]
    prototypes = None
    if summaries:
        prototypes = Prototypes(categories, embed_texts([sentence for _, sentence in seed]))
    labels = []
    waiting = list(summaries)
    for start in range(0, len(waiting), AT_ONCE):
        members, vectors = _posts(inputs, waiting[start : start + AT_ONCE])
        for fingerprint in sorted(members):
            matrix = np.array(vectors[fingerprint], np.float32)
            found = local_label(members[fingerprint], matrix, summaries[fingerprint], prototypes)
            labels.append({"fingerprint": fingerprint, **vars(found)})
    by = {"model": f"prototypes by {setting}", "prompt_version": rules}
    return pa.Table.from_pylist([label | by for label in labels], schema=SCHEMA)


def _posts(
    inputs, fingerprints: Sequence[str]
) -> tuple[dict[str, list[Member]], dict[str, list[list[float]]]]:
    """Return the posts of these clusters, and the vectors of the most central ones, in order."""
    named = is_among("fingerprint", fingerprints)
    posts = inputs.filter(named).project(f"fingerprint, position, {POST}")
    members, vectors = defaultdict(list), defaultdict(list)
    for fingerprint, _, *post in posts.order("fingerprint, position").fetchall():
        members[fingerprint].append(Member(*post))
    central = inputs.filter(named).filter(f"position < {MEMBERS_FOR_CATEGORY}")
    central = central.project("fingerprint, position, embedding").order("fingerprint, position")
    for fingerprint, _, vector in central.fetchall():
        vectors[fingerprint].append(vector)
    return members, vectors
