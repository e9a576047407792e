-- The Hub gives today's counters only; this table remembers them. It can be rebuilt from nothing
-- but the run folders, so a full refresh leaves it alone.

{{
    config(
        materialized='incremental',
        unique_key=['model_id', 'observed_on'],
        incremental_strategy='merge',
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

-- depends_on: {{ ref('models') }}

with

observed as (

    select * from {{ ref('stg_hf__models') }}

),

final as (

    select
        model_id,
        cast(observed_at at time zone 'UTC' as date) as observed_on,
        likes,
        downloads
    from observed

)

select * from final
