-- Every name under which the Hub has shown a repository. Its own id stays when the name changes.

{{
    config(
        materialized='incremental',
        unique_key=['hub_id', 'model_id'],
        incremental_strategy='merge',
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

with

hf_models as (

    select * from {{ ref('int_hf__public_models') }}

),

observed as (

    select
        hub_id,
        model_id,
        min(observed_at) as first_seen_at,
        max(observed_at) as last_seen_at
    from hf_models
    where hub_id is not null and is_listed
    group by hub_id, model_id

),

final as (

    select
        observed.hub_id,
        observed.model_id,
        {% if is_incremental() %}
            least(observed.first_seen_at, known.first_seen_at) as first_seen_at,
            greatest(observed.last_seen_at, known.last_seen_at) as last_seen_at
        {% else %}
            observed.first_seen_at,
            observed.last_seen_at
        {% endif %}
    from observed
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            observed.hub_id = known.hub_id
            and observed.model_id = known.model_id
    where
        known.hub_id is null
        or observed.first_seen_at < known.first_seen_at
        or observed.last_seen_at > known.last_seen_at
    {%- endif %}

)

select * from final
