-- One row per task of the Hub that is there now.
select
    task_id,
    task_label
from hf.tasks
where is_current
order by task_id collate "C"
