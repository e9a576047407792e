-- One row per listing with other than as many rows in model_listings, or in model_tasks where it is
-- a task's, as its last reading found, cut at its limit. Fewer may be right: a model that was
-- renamed while it was listed is one, and what was found to be private since is none.

with

listings as (

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

in_tasks as (

    select
        task_id,
        count(*) as models
    from {{ ref('model_tasks') }}
    group by task_id

),

in_listings as (

    select
        listing_id,
        count(*) as models
    from {{ ref('model_listings') }}
    group by listing_id

),

expected as (

    select
        listings.task_id,
        listings.kind,
        listings.models as listed,
        listings.limit_per_task,
        least(
            listings.models, listings.limit_per_task, coalesce(repositories.models, 0)
        ) as models
    from listings
    left join repositories
        on
            listings.task_id = repositories.task_id
            and listings.run_id = repositories.run_id

),

final as (

    select
        expected.task_id,
        expected.listed,
        expected.limit_per_task,
        in_tasks.models as in_tasks,
        in_listings.models as in_listings
    from expected
    left join in_tasks on expected.task_id = in_tasks.task_id
    left join in_listings on expected.task_id = in_listings.listing_id
    where
        coalesce(in_listings.models, 0) <> expected.models
        or (expected.kind = 'task' and coalesce(in_tasks.models, 0) <> expected.models)

)

select * from final
