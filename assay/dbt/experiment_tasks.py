"""The tasks of a step of the prompt experiments with what their prompts are made of, as SQL.

The three Python models of python_models/experiments share it; assay/dbt/experiments.py runs it.
"""

from assay.mining.experiments.tasks import PROMPTS_VERSION

# What the step before answered, and the links that were found in the answers about links.
_ANSWERED_SQL = """
    left join responses as r on t.{after} = r.task_id
    left join (
        select link_task_id, list(struct_pack(
            text := description, first := first_concept_id, second := second_concept_id
        ) order by link_position) as links
        from links group by link_task_id
    ) as f on t.link_task_id = f.link_task_id
"""


def found_sql(template: str, model: str, *, after: str | None = None, given: str = "") -> str:
    """Return the SQL of a step's tasks with what their prompts are made of.

    template, model: the columns of a task that name its own. after: the column that names its task
    of the step before, which must have an answer. given: what the prompt is given of that answer,
    `r`, and of the links found, `f`. inputs_hash moves with whatever the task's answer depends on.
    """
    return f"""
        select t.*, t.{template} as template_id, t.{model} as model_id, c.concept_ids,
            {"r.task_id is not null" if after else "true"} as is_ready,
            {f"{given}," if given else ""}
            md5(concat_ws(
                ' ', '{PROMPTS_VERSION}', p.sha256, m.model, m.temperature, c.content_hash
                {", md5(r.response)" if after else ""}
            )) as inputs_hash
        from tasks as t
        join combinations as c on t.combo_id = c.combo_id
        join templates as p on t.{template} = p.template_id
        join models as m on t.{model} = m.model_id
        {_ANSWERED_SQL.format(after=after) if after else ""}
    """  # noqa: S608 - names of columns and a version, our own
