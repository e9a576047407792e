select * from (
    select
        'hf.models: model_id twice' as what,
        count(*) as found,
        min(model_id) as example
    from (select model_id from hf.models group by model_id having count(*) > 1) as twice
    union all
    select
        'hf.model_tasks: (model_id, task_id) twice',
        count(*),
        min(model_id)
    from (
        select model_id from hf.model_tasks
        group by model_id, task_id having count(*) > 1
    ) as twice
    union all
    select
        'hf.model_stats_daily: (model_id, observed_on) twice',
        count(*),
        min(model_id)
    from (
        select model_id from hf.model_stats_daily
        group by model_id, observed_on having count(*) > 1
    ) as twice
    union all
    select
        'hf.model_tasks: gaps in rank_in_task',
        count(*),
        min(task_id)
    from (
        select task_id from hf.model_tasks
        group by task_id
        having
            min(rank_in_task) <> 1
            or max(rank_in_task) <> count(*)
            or count(distinct rank_in_task) <> count(*)
    ) as gaps
) as checks
order by what collate "C"
