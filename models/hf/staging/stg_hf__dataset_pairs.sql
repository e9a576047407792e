-- Which data sets each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['datasets']) }}

{%- set columns = {
    'model_id': 'text',
    'dataset_id': 'text',
    'observed_at': 'timestamptz',
} %}

with

hf_model_datasets as (

    select * from {{ source_or_empty(source('bronze', 'hf_model_datasets'), columns) }} as loaded

),

final as (

    select
        model_id,
        dataset_id,
        observed_at
    from hf_model_datasets

)

select * from final
