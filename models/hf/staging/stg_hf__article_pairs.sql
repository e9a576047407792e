-- Which papers each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['articles']) }}

{%- set columns = {
    'model_id': 'text',
    'arxiv_id': 'text',
    'is_template_leftover': 'boolean',
    'observed_at': 'timestamptz',
} %}

with

hf_model_articles as (

    select * from {{ source_or_empty(source('bronze', 'hf_model_articles'), columns) }} as loaded

),

final as (

    select
        model_id,
        arxiv_id,
        is_template_leftover,
        observed_at
    from hf_model_articles

)

select * from final
