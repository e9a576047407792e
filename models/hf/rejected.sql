-- What the Hub said and no table takes, for whoever wonders why a value is missing.

{{ config(materialized='table') }}

with

rejected as (

    select * from {{ ref('stg_hf__rejected') }}

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
        observed_at as last_seen_at
    from rejected

)

select * from final
