-- Which reading of a listing is the one that counts. A table, since hooks ask it.
--
-- is_accepted: it is not kept apart. is_latest: the last of those of its listing, in whatever order
-- they were loaded. is_present: that and, where a task is listed, one that the Hub still has. What
-- was followed by name is no listing that could be present.
with

task_listings as (

    select * from {{ ref('stg_hf__task_listings') }}

),

task_pages as (

    select * from {{ ref('stg_hf__task_pages') }}

),

last_pages as (

    select max(read_at) as read_at from task_pages

),

ordered as (

    select
        *,
        row_number() over (
            partition by task_id, apart is null
            order by observed_at desc, run_id desc
        ) as recency
    from task_listings

),

final as (

    select
        ordered.task_id,
        ordered.run_id,
        ordered.apart,
        ordered.limit_per_task,
        ordered.models,
        ordered.observed_at,
        ordered.kind,
        ordered.apart is null as is_accepted,
        ordered.apart is null and ordered.recency = 1 as is_latest,
        ordered.apart is null
        and ordered.recency = 1
        and ordered.kind <> 'followed'
        and (
            ordered.kind <> 'task'
            or last_pages.read_at is null
            or ordered.observed_at > last_pages.read_at
            or coalesce(task_pages.last_seen_at = task_pages.read_at, false)
        ) as is_present
    from ordered
    cross join last_pages
    left join task_pages on ordered.task_id = task_pages.task_id

)

select * from final
