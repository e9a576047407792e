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

licenses as (

    select * from {{ ref('stg_hf__licenses') }}

),

license_terms as (

    select * from {{ ref('hf_license_terms') }}

),

license_strictness as (

    select * from {{ ref('hf_license_strictness') }}

),

-- Ids keep the case they were written in; the look-up is in small letters.
observed as (

    select
        licenses.*,
        license_strictness.strictness,
        coalesce(license_terms.license_terms, 'unclassified') as license_terms
    from licenses
    left join license_terms on lower(licenses.license_id) = license_terms.license_id
    left join license_strictness
        on license_terms.license_terms = license_strictness.license_terms

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
