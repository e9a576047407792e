-- Which keywords each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['keywords']) }}

{%- set columns = {
    'model_id': 'text',
    'keyword_id': 'text',
    'kind': 'text',
    'observed_at': 'timestamptz',
} %}

with

hf_model_keywords as (

    select * from {{ source_or_empty(source('bronze', 'hf_model_keywords'), columns) }} as loaded

),

final as (

    select
        model_id,
        keyword_id,
        kind,
        observed_at
    from hf_model_keywords

)

select * from final
