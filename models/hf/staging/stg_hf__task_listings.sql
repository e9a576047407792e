-- Every listing that was read, of a task or otherwise: by which run, up to which limit, and why it
-- is kept apart, if it is.
with

task_listings as (

    select loaded.*
    from {{ with_later_columns(source('bronze', 'hf_task_listings'), {
        'apart': 'text', 'kind': 'text',
    }) }} as loaded

),

final as (

    select
        task_id,
        run_id,
        apart,
        limit_per_task,
        models,
        observed_at,
        coalesce(kind, 'task') as kind
    from task_listings

)

select * from final
