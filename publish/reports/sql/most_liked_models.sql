select
    model_id,
    pipeline_tag,
    library_name,
    license,
    downloads,
    likes
from hf.models
where is_current
order by likes desc nulls last, model_id collate "C"
limit 10
