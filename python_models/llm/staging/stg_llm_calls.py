"""One row per call of a language model, and per question that the cache answered, ever."""

from assay.mining.llm import Cache
from assay.warehouse import data_dir


def model(dbt, session):
    """Return the record as it is now, whole: calls under way get their ends later."""
    dbt.config(materialized="table")
    with Cache(data_dir() / "llm.sqlite") as cache:
        calls = cache.calls().rename_columns({"at": "called_at"})
    return calls


def _comes_after(dbt):
    """Name the models that ask, so that dbt builds this one after them. It reads none of them, and
    a warehouse with only some of them is as good: so this is read by dbt and never run."""
    dbt.ref("stg_issue_labels__llm")
    dbt.ref("stg_links_responses")
    dbt.ref("stg_essay_responses")
    dbt.ref("stg_evaluation_responses")
