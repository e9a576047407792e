select
    tasks.task_id,
    tasks.task_label,
    (
        select count(*) from hf.model_tasks
        where model_tasks.task_id = tasks.task_id
    ) as models,
    (
        select limit_per_task from bronze.hf_task_listings
        where hf_task_listings.task_id = tasks.task_id and apart is null
        order by observed_at desc
        limit 1
    ) as limit_per_task
from hf.tasks
where is_current
order by models desc, tasks.task_id collate "C"
