-- What to ask for essays: the links of each task by each template, from the model that found them.
with

link_tasks as (

    select * from {{ ref('link_generation_tasks') }}

),

templates as (

    select * from {{ ref('stg_essay_templates') }}

),

final as (

    select
        {{ generate_surrogate_key(['link_tasks.task_id', 'templates.template_id']) }} as task_id,
        link_tasks.task_id as link_task_id,
        link_tasks.combo_id,
        link_tasks.link_template_id,
        templates.template_id as essay_template_id,
        link_tasks.generation_model_id
    from link_tasks
    cross join templates

)

select * from final
