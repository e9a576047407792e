"""One row per evaluation task that was answered or failed.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

from assay.dbt.experiments import Request, Step, rows


def model(dbt, session):
    """Return a row for each task that this run tried or had answered before."""
    dbt.config(
        materialized="incremental", unique_key="task_id", incremental_strategy="delete+insert"
    )
    step = Step(
        "evaluations",
        tasks=dbt.ref("int_evaluation_responses__inputs"),
        parts=dbt.ref("int_experiment_parts"),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
    )
    return rows(step, Request.from_config(dbt.config.get("request")))
