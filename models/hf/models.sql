-- Times are those of the runs that read the Hub, so that building twice changes nothing.

{{
    config(
        materialized='incremental',
        unique_key='model_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        post_hook=[
            "{{ create_index('idx_models_downloads', 'downloads desc') }}",
            "{{ create_index('idx_models_likes', 'likes desc') }}",
            "{{ create_index('idx_models_pipeline_tag', 'pipeline_tag') }}",
        ],
    )
}}

{%- set observed_columns = [
    'license', 'likes', 'downloads', 'last_modified', 'tags', 'pipeline_tag', 'library_name',
    'author', 'gated', 'hub_created_at',
] %}

with

observed as (

    select * from {{ ref('int_hf__latest_models') }}

),

final as (

    select
        observed.model_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        {% if is_incremental() %}
            coalesce(known.created_at, observed.observed_at) as created_at,
            case
                when known.model_id is null or {{ changed('observed', 'known', observed_columns) }}
                    then observed.observed_at
                else known.updated_at
            end as updated_at,
        {% else %}
            observed.observed_at as created_at,
            observed.observed_at as updated_at,
        {% endif %}
        observed.observed_at as last_synced_at
    from observed
    {%- if is_incremental() %}
    left join {{ this }} as known on observed.model_id = known.model_id
    -- Bronze keeps the last listing of tasks that were not read again, and an old run folder may
    -- be loaded: neither may take a row back to what it was before.
    where known.model_id is null or observed.observed_at >= known.last_synced_at
    {%- endif %}

)

select * from final
