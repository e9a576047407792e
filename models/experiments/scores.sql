-- What each judge gave each essay; an evaluation without a number is a row with the reason.
with

read as (

    select * from {{ ref('int_scores') }}

),

tasks as (

    select * from {{ ref('evaluation_tasks') }}

),

final as (

    -- Tasks that are no longer part of the experiment keep their answers and have no score here.
    select
        tasks.task_id as evaluation_task_id,
        tasks.essay_task_id,
        tasks.link_task_id,
        tasks.combo_id,
        tasks.link_template_id,
        tasks.essay_template_id,
        tasks.evaluation_template_id,
        tasks.generation_model_id,
        tasks.evaluation_model_id,
        read.form,
        read.reason,
        read.score
    from tasks
    inner join read on tasks.task_id = read.task_id

)

select * from final
