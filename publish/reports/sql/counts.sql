select
    (select count(*) from hf.models) as models,
    (select count(*) from hf.tasks) as tasks,
    (
        select count(*) from hf.tasks
        where task_id not in (select task_id from hf.model_tasks)
    ) as tasks_with_no_model,
    (select count(*) from hf.model_tasks) as model_tasks,
    (select count(*) from hf.model_stats_daily) as model_stats_daily,
    (select count(*) from bronze.hf_models) as listed_rows,
    (select count(distinct license) from hf.models) as licences,
    (select count(distinct author) from hf.models) as authors
