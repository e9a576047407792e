select
    model_tasks.task_id,
    count(*) as models,
    sum(models.downloads) as downloads
from hf.model_tasks
inner join hf.models on model_tasks.model_id = models.model_id
group by model_tasks.task_id
order by models desc, model_tasks.task_id collate "C"
limit 15
