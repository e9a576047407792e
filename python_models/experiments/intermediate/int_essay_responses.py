"""One row per essay generation task that was answered, failed, or had too few links.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

from assay.dbt.experiments import Request, Step, rows


def model(dbt, session):
    """Return a row for each task that this run tried or had answered before."""
    dbt.config(
        materialized="incremental", unique_key="task_id", incremental_strategy="delete+insert"
    )
    step = Step(
        "essays",
        tasks=dbt.ref("int_essay_responses__inputs"),
        parts=dbt.ref("int_experiment_parts"),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
    )
    return rows(step, Request.from_config(dbt.config.get("request")))
