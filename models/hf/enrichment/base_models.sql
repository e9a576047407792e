{{
    config(
        materialized='incremental',
        unique_key='base_model_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['base_models'],
    )
}}

{%- set observed_columns = [
    'resolved_id', 'author', 'pipeline_tag', 'library_name', 'license', 'gated', 'reason',
    'downloads', 'likes', 'parameters', 'depth', 'enriched', 'is_private', 'is_disabled',
    'tags', 'hub_created_at', 'last_modified',
] %}

with

observed as (

    select * from {{ ref('stg_hf__base_models') }}

),

final as (

    select
        observed.base_model_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        observed.fetched_at,
        {{ entity_times('base_model_id', observed_columns) }}
    from observed
    {{ unless_known_better('base_model_id') }}

)

select * from final
