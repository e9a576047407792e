"""One row per link generation task that was answered or failed.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

from assay.dbt.experiment_tasks import found_sql
from assay.dbt.experiments import Request, rows


def model(dbt, session):
    """Return a row for each task that this run tried or had answered before."""
    dbt.config(
        materialized="incremental", unique_key="task_id", incremental_strategy="delete+insert"
    )
    return rows(
        "links",
        session,
        Request.from_config(dbt.config.get("request")),
        sql=found_sql("link_template_id", "generation_model_id"),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
        tasks=dbt.ref("link_generation_tasks"),
        templates=dbt.ref("stg_link_templates"),
        models=dbt.ref("llm_models"),
        combinations=dbt.ref("content_combinations"),
        concepts=dbt.ref("stg_concepts"),
    )
