"""One row per post: what of it may be its place's form; only new and changed posts are read."""

from assay.dbt.post_rows import UNITS, made, units
from assay.dbt.relations import is_value
from assay.mining.text.forms import FORMS_VERSION


def model(dbt, session):
    """Return a reader over the units of posts that the table does not have yet."""
    dbt.config(
        materialized="incremental", unique_key="url_hash", incremental_strategy="delete+insert"
    )
    posts = dbt.ref("stg_posts").project("url_hash, source, title, body, content_hash")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(is_value("units_version", FORMS_VERSION))
        posts = posts.join(done.project("url_hash, content_hash"), "url_hash, content_hash", "anti")
    return made(posts, units, UNITS)
