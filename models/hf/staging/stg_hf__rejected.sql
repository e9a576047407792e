-- What the catalog's runs set aside. Bronze has the table from the first run on that knows of it.

{{ config(materialized='ephemeral') }}

with

hf_rejected as (

    select * from {{ source_or_empty(source('bronze', 'hf_rejected'), {
        'reject_id': 'text',
        'model_id': 'text',
        'task_id': 'text',
        'field': 'text',
        'reason': 'text',
        'value': 'text',
        'run_id': 'text',
        'observed_at': 'timestamptz',
    }) }} as loaded

),

final as (

    select
        reject_id,
        model_id,
        task_id,
        field,
        reason,
        value,
        run_id,
        observed_at
    from hf_rejected

)

select * from final
