-- Which licences each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['licenses']) }}

{%- set columns = {
    'model_id': 'text',
    'license_id': 'text',
    'observed_at': 'timestamptz',
} %}

with

hf_model_licenses as (

    select * from {{ source_or_empty(source('bronze', 'hf_model_licenses'), columns) }} as loaded

),

final as (

    select
        model_id,
        license_id,
        observed_at
    from hf_model_licenses

)

select * from final
