-- What to ask for evaluations: each essay by each template and each model that judges.
with

essay_tasks as (

    select * from {{ ref('essay_generation_tasks') }}

),

templates as (

    select * from {{ ref('stg_evaluation_templates') }}

),

models as (

    select * from {{ ref('llm_models') }}
    where active and purpose = 'evaluation'

),

final as (

    select
        {{ generate_surrogate_key([
            'essay_tasks.task_id', 'templates.template_id', 'models.model_id',
        ]) }}
            as task_id,
        essay_tasks.task_id as essay_task_id,
        essay_tasks.link_task_id,
        essay_tasks.combo_id,
        essay_tasks.link_template_id,
        essay_tasks.essay_template_id,
        templates.template_id as evaluation_template_id,
        essay_tasks.generation_model_id,
        models.model_id as evaluation_model_id
    from essay_tasks
    cross join templates
    cross join models

)

select * from final
