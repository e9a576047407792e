{{ config(tags=['articles']) }}

-- depends_on: {{ ref('articles') }}
-- The model card template cites the leftover; it is the paper of none of the models that carry it.
{{ known_mapping(
    ref('stg_hf__article_pairs'),
    'hf_model_articles',
    keys=['model_id', 'arxiv_id'],
    keep='not is_template_leftover',
) }}
