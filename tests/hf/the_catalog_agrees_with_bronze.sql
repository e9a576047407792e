-- One row per task with other than as many rows in model_tasks as its last listing found, cut at
-- its limit. Fewer may be right: a model that was renamed while it was listed is one, and what was
-- found to be private since is none.

with

task_listings as (

    select * from {{ ref('int_hf__listings') }}
    where is_present

),

repositories as (

    select
        task_id,
        run_id,
        count(distinct coalesce(hub_id, model_id)) as models
    from {{ ref('int_hf__public_models') }}
    group by task_id, run_id

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
    left join repositories
        on
            task_listings.task_id = repositories.task_id
            and task_listings.run_id = repositories.run_id
    where
        coalesce(model_tasks.models, 0) <> least(
            task_listings.models,
            task_listings.limit_per_task,
            coalesce(repositories.models, 0)
        )

)

select * from final
