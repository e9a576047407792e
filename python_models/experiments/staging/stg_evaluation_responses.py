"""One row per evaluation task that was answered or failed.

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
        "evaluations",
        session,
        Request.from_config(dbt.config.get("request")),
        sql=found_sql(
            "evaluation_template_id",
            "evaluation_model_id",
            after="essay_task_id",
            given="f.links, r.response as essay",
        ),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
        tasks=dbt.ref("evaluation_tasks"),
        templates=dbt.ref("stg_evaluation_templates"),
        models=dbt.ref("llm_models"),
        combinations=dbt.ref("content_combinations"),
        concepts=dbt.ref("stg_concepts"),
        responses=dbt.ref("essay_responses"),
        links=dbt.ref("links"),
    )
