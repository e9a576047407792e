"""One row per call of a language model, and per question that the cache answered, ever."""

from assay.mining.llm import Cache
from assay.warehouse import data_dir


def model(dbt, session):
    """Return the record as it is now, whole: calls under way get their ends later."""
    dbt.config(materialized="table")
    dbt.ref("int_llm_askers")  # only so that the models that ask are built before this one
    with Cache(data_dir() / "llm.sqlite") as cache:
        calls = cache.calls().rename_columns({"at": "called_at"})
    return calls
