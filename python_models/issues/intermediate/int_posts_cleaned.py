"""One row per post with its text cleaned; only posts are cleaned again that are new or changed, or
of whose lines others are now known to be their place's form."""

from assay.dbt.post_rows import CLEANED, cleaned, made
from assay.mining.text.clean import CLEANING_VERSION


def model(dbt, session):
    """Return a reader over the cleaned posts that the table does not have yet."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    posts = dbt.ref("int_posts_cleaned__inputs")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(f"cleaning_version = '{CLEANING_VERSION}'")
        posts = posts.join(done.project("url_hash, content_hash"), "url_hash, content_hash", "anti")
    return made(posts, cleaned, CLEANED)
