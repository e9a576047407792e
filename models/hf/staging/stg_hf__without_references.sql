-- Models that were looked at and refer to nothing of an entity.

{{ config(materialized='ephemeral') }}

with

hf_without_references as (

    select loaded.* from {{ source_or_empty(source('bronze', 'hf_without_references'), {
        'entity': 'text', 'model_id': 'text', 'observed_at': 'timestamptz',
    }) }} as loaded

),

final as (

    select
        entity,
        model_id,
        observed_at
    from hf_without_references

)

select * from final
