select
    count(*) as models,
    count(case when model_articles.model_id is null then 1 end) as without_own
from hf.models
left join (select distinct model_id from hf.model_articles) as model_articles
    on models.model_id = model_articles.model_id
where cast(models.tags as text) like '%"arxiv:1910.09700"%'
