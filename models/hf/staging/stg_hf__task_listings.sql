-- The last listing of each task: when it was read, by which run and up to which limit. A table of a
-- row per task, since the hook of hf.model_tasks asks it which tasks list nothing.
with

task_listings as (

    select * from {{ source('bronze', 'hf_task_listings') }}

),

final as (

    select
        task_id,
        run_id,
        limit_per_task,
        models,
        observed_at
    from task_listings

)

select * from final
