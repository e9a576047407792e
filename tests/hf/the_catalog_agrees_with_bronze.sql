-- One row per task with other than as many rows in model_tasks as its listing found (cut at its
-- limit).

with

task_listings as (

    select * from {{ source('bronze', 'hf_task_listings') }}

),

model_tasks as (

    select
        task_id,
        count(*) as models
    from {{ ref('model_tasks') }}
    group by task_id

),

final as (

    select
        task_listings.task_id,
        task_listings.models as listed,
        task_listings.limit_per_task,
        model_tasks.models as loaded
    from task_listings
    left join model_tasks on task_listings.task_id = model_tasks.task_id
    where
        coalesce(model_tasks.models, 0)
        <> least(task_listings.models, task_listings.limit_per_task)

)

select * from final
