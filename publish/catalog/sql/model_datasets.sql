-- One row per model and data set that it names.
select distinct
    coalesce(resolved_id, dataset_id) as dataset_id,
    model_id
from hf.model_datasets
