select
    model_tasks.task_id,
    sum(models.downloads) as downloads,
    count(*) as models
from hf.model_tasks
inner join hf.models on model_tasks.model_id = models.model_id
group by model_tasks.task_id
order by downloads desc nulls last, model_tasks.task_id collate "C"
limit 15
