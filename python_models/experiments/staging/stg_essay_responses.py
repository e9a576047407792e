"""One row per essay generation task that was answered, failed, or had too few links.

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
        "essays",
        session,
        Request.from_config(dbt.config.get("request")),
        sql=found_sql(
            "essay_template_id",
            "generation_model_id",
            after="link_task_id",
            given="coalesce(f.links, []) as links",
        ),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
        tasks=dbt.ref("essay_generation_tasks"),
        templates=dbt.ref("stg_essay_templates"),
        models=dbt.ref("llm_models"),
        combinations=dbt.ref("content_combinations"),
        concepts=dbt.ref("stg_concepts"),
        responses=dbt.ref("links_responses"),
        links=dbt.ref("links"),
    )
