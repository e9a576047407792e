"""One row per fingerprint of a cluster with the label that costs nothing."""

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from assay.dbt.embedding import embed_texts
from assay.dbt.progress import show_progress
from assay.dbt.relations import is_among, is_value
from assay.mining.embed import embedding_setting
from assay.mining.label.local import LABELING_VERSION, MEMBERS_FOR_CATEGORY, Prototypes, local_label
from assay.mining.label.member import Member
from assay.mining.label.terms import Day, day_of

AT_ONCE = 200  # clusters, so that memory does not grow with the number of days
QUOTE = pa.struct(
    [pa.field("text", pa.string()), pa.field("url", pa.string()), pa.field("source", pa.string())]
)
SCHEMA = pa.schema(
    [
        pa.field("fingerprint", pa.string()),
        pa.field("canonical_title", pa.string()),
        pa.field("category", pa.string()),
        pa.field("description", pa.string()),
        pa.field("would_pay_signal", pa.bool_()),
        pa.field("impact_level", pa.string()),
        pa.field("category_confidence", pa.float64()),
        pa.field("would_pay_because", pa.string()),
        pa.field("severity", pa.float64()),
        pa.field("quotes", pa.list_(QUOTE)),
        pa.field("title_because", pa.string()),
        pa.field("description_because", pa.string()),
        pa.field("category_because", pa.string()),
        pa.field("severity_because", pa.string()),
        pa.field("day_fingerprint", pa.string()),
        pa.field("model", pa.string()),
        pa.field("prompt_version", pa.string()),
    ]
)
POST = "title, text, source, engagement, is_problem, person, url, place"


def model(dbt, session):
    """Return labels of clusters that have none by these rules, prototypes, embeddings and day."""
    dbt.config(
        materialized="incremental",
        unique_key="fingerprint",
        incremental_strategy="delete+insert",
        on_schema_change="append_new_columns",
    )
    show_progress()
    seed = dbt.ref("int_category_prototypes").order("category, prototype").fetchall()
    inputs, words = dbt.ref("int_issue_labels__local__inputs"), dbt.ref("int_day_words")
    setting = embedding_setting()
    judged = inputs.project("unnest(problem_rules) as rule").distinct().order("rule").fetchall()
    rules = hashlib.md5(  # noqa: S324 - no secret
        repr((LABELING_VERSION, setting, seed, judged)).encode()
    ).hexdigest()[:12]
    wanted = inputs.project("fingerprint, day_fingerprint, cluster_date, cluster_id").distinct()
    if dbt.is_incremental:
        # What a word is worth depends on the other posts of the day: on another day, another label.
        done = session.sql(f"from {dbt.this}").filter(f"prompt_version = '{rules}'")
        if "day_fingerprint" in done.columns:
            same = "fingerprint, day_fingerprint"
            wanted = wanted.join(done.project(same), same, "anti")
    days = defaultdict(dict)
    for fingerprint, of_day, date, _ in wanted.order("cluster_date, cluster_id").fetchall():
        days[date][fingerprint] = of_day
    prototypes = None
    if days:
        prototypes = Prototypes(
            [category for category, _, _ in seed],
            embed_texts([sentence for _, sentence, _ in seed], session),
            crafts={category for category, _, is_craft in seed if is_craft},
        )
    by = {"model": f"prototypes by {setting}", "prompt_version": rules}
    labels = []
    for date, waiting in days.items():
        day = _words(words, date)
        for start in range(0, len(waiting), AT_ONCE):
            members, vectors = _posts(inputs, list(waiting)[start : start + AT_ONCE])
            for fingerprint in sorted(members):
                matrix = np.array(vectors[fingerprint], np.float32)
                found = local_label(members[fingerprint], matrix, prototypes, day)
                named = {"fingerprint": fingerprint, "day_fingerprint": waiting[fingerprint]}
                labels.append(dataclasses.asdict(found) | named | by)
    return pa.Table.from_pylist(labels, schema=SCHEMA)


def _words(words, date) -> Day:
    """Return in how many posts of a day each word stands."""
    rows = words.filter(is_value("cluster_date", date)).project("word, posts, day_posts").fetchall()
    posts = rows[0][2] if rows else 0
    return day_of(((word, count) for word, count, _ in rows), posts)


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
