-- Which papers each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['articles']) }}

{{ staged_mapping(source('bronze', 'hf_model_articles'), {
    'arxiv_id': 'text',
    'is_template_leftover': 'boolean',
}) }}
