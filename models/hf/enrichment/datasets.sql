{{
    config(
        materialized='incremental',
        unique_key='dataset_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['datasets'],
    )
}}

{%- set observed_columns = [
    'resolved_id', 'author', 'license', 'description', 'gated', 'reason', 'downloads',
    'likes', 'enriched', 'is_private', 'is_disabled', 'tags', 'croissant', 'hub_created_at',
    'last_modified',
] %}

with

observed as (

    select * from {{ ref('stg_hf__datasets') }}

),

final as (

    select
        observed.dataset_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        observed.fetched_at,
        {{ entity_times('dataset_id', observed_columns) }}
    from observed
    {{ unless_known_better('dataset_id') }}

)

select * from final
