-- One row per task whose ranks are not exactly 1..n.

with

model_tasks as (

    select * from {{ ref('model_tasks') }}

),

final as (

    select
        task_id,
        count(*) as models,
        count(distinct rank_in_task) as ranks,
        min(rank_in_task) as first_rank,
        max(rank_in_task) as last_rank
    from model_tasks
    group by task_id
    having
        min(rank_in_task) <> 1
        or max(rank_in_task) <> count(*)
        or count(distinct rank_in_task) <> count(*)

)

select * from final
