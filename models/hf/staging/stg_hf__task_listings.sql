-- Every listing of a task that was read: by which run, up to which limit, and why it is kept apart,
-- if it is.
with

task_listings as (

    select loaded.*
    from {{ with_later_columns(source('bronze', 'hf_task_listings'), {'apart': 'text'}) }} as loaded

),

final as (

    select
        task_id,
        run_id,
        apart,
        limit_per_task,
        models,
        observed_at
    from task_listings

)

select * from final
