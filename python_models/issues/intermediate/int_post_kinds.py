"""One row per post: what kind it is by the API, by what comes back and by its words, in which
language it is written, and why it is left out of the issues, if it is."""

from functools import partial

from assay.dbt.post_rows import KINDS, kinds, made
from assay.dbt.relations import is_value
from assay.mining.embed import embedding_setting
from assay.mining.label.kind import KINDS_VERSION
from assay.mining.text.language import LANGUAGE_VERSION


def model(dbt, session):
    """Return a reader over the kinds of posts that were not told apart yet by these rules."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    embedding = embedding_setting()
    rules = f"{KINDS_VERSION}.{LANGUAGE_VERSION} {embedding.split(' ', 1)[0]}"
    posts = dbt.ref("int_post_kinds__inputs")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(is_value("kind_rules", rules))
        posts = posts.join(done.project("url_hash, signs_hash"), "url_hash, signs_hash", "anti")
    return made(posts, partial(kinds, rules=rules, embedding=embedding), KINDS)
