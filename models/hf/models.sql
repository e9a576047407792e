-- Times are those of the runs that read the Hub, so that building twice changes nothing.

{{
    config(
        materialized='incremental',
        unique_key='model_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        pre_hook="{{ forget_withdrawn() }}",
        post_hook=[
            "{{ follow_renames() }}",
            "{{ first_seen_earlier() }}",
            "{{ mark_gone_models() }}",
            "{{ create_index('idx_models_downloads', 'downloads desc') }}",
            "{{ create_index('idx_models_likes', 'likes desc') }}",
            "{{ create_index('idx_models_pipeline_tag', 'pipeline_tag') }}",
        ],
    )
}}

-- depends_on: {{ ref('model_renames') }}
-- depends_on: {{ ref('int_hf__ranks') }}
-- depends_on: {{ ref('int_hf__absences') }}

{%- set observed_columns = [
    'license', 'likes', 'downloads', 'last_modified', 'tags', 'pipeline_tag', 'library_name',
    'author', 'gated', 'hub_created_at', 'downloads_all_time', 'trending_score', 'parameters',
    'gguf', 'sha', 'license_name', 'license_link',
] %}

with

observed as (

    select * from {{ ref('int_hf__latest_models') }}

),

{% if is_incremental() -%}
-- A model that was renamed is known by the name it had.
known_before as (

    select
        hub_id,
        min(created_at) as created_at
    from {{ this }}
    where hub_id is not null
    group by hub_id

),
{%- endif %}

final as (

    select
        observed.model_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        {% if is_incremental() %}
            -- Another repository that took a name over begins anew.
            least(
                observed.first_observed_at,
                case
                    when
                        known.hub_id is null
                        or observed.hub_id is null
                        or known.hub_id = observed.hub_id
                        then known.created_at
                end,
                known_before.created_at
            ) as created_at,
            case
                when known.model_id is null or {{ changed('observed', 'known', observed_columns) }}
                    then observed.observed_at
                else known.updated_at
            end as updated_at,
        {% else %}
            observed.first_observed_at as created_at,
            observed.observed_at as updated_at,
        {% endif %}
        observed.observed_at as last_synced_at,
        observed.last_seen_in,
        {% if is_incremental() %}
            known.gone_at,
            known.gone_reason,
            coalesce(known.presence, 'unknown') as presence,
        {% else %}
            cast(null as timestamptz) as gone_at,
            cast(null as {{ dbt.type_string() }}) as gone_reason,
            'unknown' as presence,
        {% endif %}
        coalesce(observed.hub_id{{ ', known.hub_id' if is_incremental() }}) as hub_id,
        coalesce(observed.is_private, false) as is_private,
        observed.is_current
    from observed
    {%- if is_incremental() %}
    left join {{ this }} as known on observed.model_id = known.model_id
    left join known_before on observed.hub_id = known_before.hub_id
    -- Bronze keeps the last listing of tasks that were not read again, and an old run folder may
    -- be loaded: neither may take a row back to what it was before.
    where known.model_id is null or observed.observed_at >= known.last_synced_at
    {%- endif %}

)

select * from final
