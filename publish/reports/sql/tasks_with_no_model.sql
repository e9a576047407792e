select
    task_id,
    task_label
from hf.tasks
where is_current and task_id not in (select task_id from hf.model_tasks)
order by task_id collate "C"
