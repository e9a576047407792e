-- The tasks whose pages were read, with their names as last read.

{{ config(materialized='ephemeral') }}

with

hf_tasks as (

    select * from {{ source('bronze', 'hf_tasks') }}

),

ordered as (

    select
        task_id,
        task_label,
        observed_at,
        min(observed_at) over (partition by task_id) as first_observed_at,
        row_number() over (partition by task_id order by observed_at desc, run_id desc) as recency
    from hf_tasks

),

final as (

    select
        task_id,
        task_label,
        observed_at,
        first_observed_at
    from ordered
    where recency = 1

)

select * from final
