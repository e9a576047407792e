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

with

listings as (

    select
        *,
        cast(observed_at at time zone 'UTC' as date) as observed_on
    from {{ ref('int_hf__latest_listings') }}

),

models as (

    select * from {{ ref('models') }}

),

-- Several tasks may list a model on one day, or on different days if they were read on them.
observations as (

    select
        model_id,
        observed_on,
        likes,
        downloads,
        observed_at,
        row_number() over (
            partition by model_id, observed_on
            order by observed_at desc, seq desc, task_id asc
        ) as recency
    from listings

),

final as (

    select
        observations.model_id,
        observations.observed_on,
        observations.likes,
        observations.downloads
    from observations
    inner join models on observations.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            observations.model_id = known.model_id
            and observations.observed_on = known.observed_on
    {%- endif %}
    where
        observations.recency = 1
        -- An old run folder fills days that are missing and leaves the others as they are.
        and (
            {{ 'known.model_id is null' if is_incremental() else 'true' }}
            or observations.observed_at >= models.last_synced_at
        )

)

select * from final
