{{
    config(
        materialized='incremental',
        unique_key='license_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['licenses'],
    )
}}

{%- set observed_columns = [
    'spdx_id', 'license_name', 'license_family', 'license_terms', 'url', 'reason',
    'strictness', 'enriched', 'is_osi_approved',
] %}

with

observed as (

    select * from {{ ref('stg_hf__licenses') }}

),

final as (

    select
        observed.license_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        observed.fetched_at,
        {{ entity_times('license_id', observed_columns) }}
    from observed
    {{ unless_known_better('license_id') }}

)

select * from final
