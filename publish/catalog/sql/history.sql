-- One row per model and day, of the models from one place to another in the order of models.sql:
-- the day's counters, and the rank in the task that speaks for the model. Their names as parameters
-- would do, but DuckDB takes half a millisecond for each.
with

listed as (

    select
        model_id,
        row_number() over (order by downloads desc nulls last, model_id collate "C" asc) as place
    from hf.current_models
    where is_private is not true

),

chosen as (

    select model_id
    from listed
    where place > %s and place <= %s

),

best as (

    select
        model_tasks.model_id,
        model_tasks.task_id,
        row_number() over (
            partition by model_tasks.model_id
            order by model_tasks.rank_in_task asc, model_tasks.task_id collate "C" asc
        ) as place
    from hf.model_tasks
    inner join chosen on model_tasks.model_id = chosen.model_id

)

select
    chosen.model_id,
    stats.observed_on,
    stats.downloads,
    stats.likes,
    ranks.rank_in_task
from chosen
inner join hf.model_stats_daily as stats on chosen.model_id = stats.model_id
left join best on chosen.model_id = best.model_id and best.place = 1
left join hf.model_rank_daily as ranks
    on
        best.model_id = ranks.model_id
        and best.task_id = ranks.task_id
        and stats.observed_on = ranks.observed_on
where stats.observed_on > cast(%s as date)
