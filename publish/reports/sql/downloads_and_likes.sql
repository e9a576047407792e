select
    model_id,
    downloads,
    likes
from hf.models
where is_current and downloads is not null and likes is not null
order by downloads desc, model_id collate "C", likes
