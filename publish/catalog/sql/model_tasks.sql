-- One row per model and task in whose last listing it stands.
select
    task_id,
    model_id,
    rank_in_task
from hf.model_tasks
order by task_id collate "C", rank_in_task, model_id collate "C"
