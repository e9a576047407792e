"""One row per link generation task that was answered or failed.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

from assay.experiments import Request, Step, rows
from mining.experiments import PROMPTS_VERSION

FOUND_SQL = f"""
    select t.*, t.link_template_id as template_id, t.generation_model_id as model_id,
        c.concept_ids, true as is_ready,
        md5(concat_ws(
            ' ', '{PROMPTS_VERSION}', p.sha256, m.model, m.temperature, c.content_hash
        )) as inputs_hash
    from tasks as t
    join combinations as c on t.combo_id = c.combo_id
    join templates as p on t.link_template_id = p.template_id
    join models as m on t.generation_model_id = m.model_id
"""  # noqa: S608 - a version of ours


def model(dbt, session):
    """Return a row for each task that this run tried or had answered before."""
    dbt.config(
        materialized="incremental", unique_key="task_id", incremental_strategy="delete+insert"
    )
    tasks, templates = dbt.ref("link_generation_tasks"), dbt.ref("stg_link_templates")
    models, combinations = dbt.ref("llm_models"), dbt.ref("content_combinations")  # noqa: F841
    step = Step(
        "links",
        tasks=tasks,
        found=session.sql(FOUND_SQL),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
        templates=templates,
        models=models,
        concepts=dbt.ref("stg_concepts"),
    )
    return rows(step, session, Request.from_config(dbt.config.get("request")))
