"""One row per essay generation task that was answered, failed, or had too few links.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

from assay.experiments import Request, Step, rows
from mining.experiments import PROMPTS_VERSION

FOUND_SQL = f"""
    with found as (
        select link_task_id, list(struct_pack(
            text := text, first := first_concept_id, second := second_concept_id
        ) order by position) as links
        from links group by link_task_id
    )
    select t.*, t.essay_template_id as template_id, t.generation_model_id as model_id,
        c.concept_ids, r.task_id is not null as is_ready, coalesce(f.links, []) as links,
        md5(concat_ws(
            ' ', '{PROMPTS_VERSION}', p.sha256, m.model, m.temperature, c.content_hash,
            md5(r.response)
        )) as inputs_hash
    from tasks as t
    join combinations as c on t.combo_id = c.combo_id
    join templates as p on t.essay_template_id = p.template_id
    join models as m on t.generation_model_id = m.model_id
    left join responses as r on t.link_task_id = r.task_id
    left join found as f on t.link_task_id = f.link_task_id
"""  # noqa: S608 - a version of ours


def model(dbt, session):
    """Return a row for each task that this run tried or had answered before."""
    dbt.config(
        materialized="incremental", unique_key="task_id", incremental_strategy="delete+insert"
    )
    tasks, templates = dbt.ref("essay_generation_tasks"), dbt.ref("stg_essay_templates")
    models, combinations = dbt.ref("llm_models"), dbt.ref("content_combinations")  # noqa: F841
    responses, links = dbt.ref("links_responses"), dbt.ref("links")  # noqa: F841 - in the SQL
    step = Step(
        "essays",
        tasks=tasks,
        found=session.sql(FOUND_SQL),
        before=session.sql(f"from {dbt.this}") if dbt.is_incremental else None,
        templates=templates,
        models=models,
        concepts=dbt.ref("stg_concepts"),
    )
    return rows(step, session, Request.from_config(dbt.config.get("request")))
