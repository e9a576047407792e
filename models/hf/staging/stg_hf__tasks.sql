-- The tasks that the Hub knows, with their names.

{{ config(materialized='ephemeral') }}

with

hf_tasks as (

    select * from {{ source('bronze', 'hf_tasks') }}

),

final as (

    select
        task_id,
        task_label,
        observed_at
    from hf_tasks

)

select * from final
