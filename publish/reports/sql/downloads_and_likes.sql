select
    model_id,
    downloads,
    likes
from hf.models
where downloads is not null and likes is not null
order by downloads desc, model_id collate "C", likes
