-- One row per paper that a model names; the one that the card's template names says nothing.
select
    arxiv_id,
    title,
    cast(authors as text) as authors,
    primary_category,
    doi,
    reason,
    left(summary, 900) as summary,
    cast(published_at as date) as published_on
from hf.articles
where is_template_leftover is not true
order by arxiv_id collate "C"
