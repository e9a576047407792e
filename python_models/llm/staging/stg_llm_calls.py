"""One row per call of a language model, and per question that the cache answered, ever."""

from assay.mining.llm import Cache
from assay.warehouse import data_dir


def model(dbt, session):
    """Return the record as it is now, whole: calls under way get their ends later."""
    dbt.config(materialized="table")
    with Cache(data_dir() / "llm.sqlite") as cache:
        calls = cache.calls().rename_columns({"at": "called_at"})
    return calls
