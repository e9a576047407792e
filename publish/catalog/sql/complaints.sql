-- One row per model that posts speak of.
select
    entity_id as model_id,
    posts,
    problem_posts,
    people,
    cast(last_posted_at as date) as last_posted_on,
    to_json(issues) as issues
from gold.model_complaints
where entity_kind = 'model'
order by entity_id
