select
    (select count(*) from hf.models) as models,
    (select count(*) from hf.models where is_current) as models_listed_now,
    (select count(*) from hf.models where presence = 'fallen_out') as models_fallen_out,
    (select count(*) from hf.models where presence = 'gone') as models_gone,
    (select count(*) from hf.models where is_private) as private_models,
    (select count(*) from hf.tasks where is_current) as tasks,
    (
        select count(*) from hf.tasks
        where is_current and task_id not in (select task_id from hf.model_tasks)
    ) as tasks_with_no_model,
    (select count(*) from hf.model_tasks) as model_tasks,
    (select count(*) from hf.model_stats_daily) as model_stats_daily,
    (select count(*) from hf.model_rank_daily) as model_rank_daily,
    (select count(*) from hf.model_renames) as model_renames,
    (select count(*) from bronze.hf_models) as listed_rows,
    (select count(distinct license) from hf.models) as licences,
    (select count(distinct author) from hf.models) as authors
