{{
    config(
        materialized='incremental',
        unique_key='keyword_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['keywords'],
    )
}}

{%- set observed_columns = [
    'kind', 'label', 'description', 'reason', 'enriched',
] %}

with

observed as (

    select * from {{ ref('stg_hf__keywords') }}

),

final as (

    select
        observed.keyword_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        observed.fetched_at,
        {{ entity_times('keyword_id', observed_columns) }}
    from observed
    {{ unless_known_better('keyword_id') }}

)

select * from final
