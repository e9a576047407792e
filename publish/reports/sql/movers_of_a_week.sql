select
    model_id,
    task_id,
    downloads_before,
    downloads,
    places_gained,
    compared_with,
    history_since
from hf.model_movers
where span_days = 7 and listing = 'stayed' and downloads_gained > 0
order by growth desc, model_id collate "C", task_id collate "C"
limit 20
