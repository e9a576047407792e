-- One row per model and paper that it names.
select distinct
    arxiv_id,
    model_id
from hf.model_articles
