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

ranks as (

    select
        *,
        cast(observed_at at time zone 'UTC' as date) as observed_on
    from {{ ref('int_hf__ranks') }}

),

models as (

    select * from {{ ref('models') }}

),

-- Several tasks may list a model on one day, and several runs may read them on it.
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
    from ranks

),

final as (

    select
        observations.model_id,
        observations.observed_on,
        observations.likes,
        observations.downloads,
        observations.observed_at
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
    {%- if is_incremental() %}
        -- Of a day the last reading stays, in whatever order they come. Days of before readings
        -- were told apart give way to none that is older than the model's last.
        and (
            known.model_id is null
            or observations.observed_at >= coalesce(known.observed_at, models.last_synced_at)
        )
        {%- endif %}

)

select * from final
