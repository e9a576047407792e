-- Which base models each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['base_models']) }}

{%- set columns = {
    'model_id': 'text',
    'base_model_id': 'text',
    'relation': 'text',
    'observed_at': 'timestamptz',
} %}

with

hf_model_base_models as (

    select * from {{ source_or_empty(source('bronze', 'hf_model_base_models'), columns) }} as loaded

),

final as (

    select
        model_id,
        base_model_id,
        relation,
        observed_at
    from hf_model_base_models

)

select * from final
