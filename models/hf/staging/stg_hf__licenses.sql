-- Every licence that a model's tags name, with what SPDX or the Hub's list says of it.

{{ config(materialized='ephemeral', tags=['licenses']) }}

{%- set columns = {
    'license_id': 'text',
    'spdx_id': 'text',
    'name': 'text',
    'family': 'text',
    'url': 'text',
    'is_osi_approved': 'boolean',
    'enriched': 'boolean',
    'reason': 'text',
    'fetched_at': 'timestamptz',
    'observed_at': 'timestamptz',
} %}

with

pairs as (

    select * from {{ ref('stg_hf__license_pairs') }}

),

hf_licenses as (

    select * from {{ source_or_empty(source('bronze', 'hf_licenses'), columns) }} as loaded

),

named as (

    select
        license_id,
        max(observed_at) as observed_at
    from pairs
    group by license_id

),

final as (

    select
        hf_licenses.spdx_id,
        hf_licenses.name as license_name,
        hf_licenses.family as license_family,
        hf_licenses.url,
        hf_licenses.is_osi_approved,
        hf_licenses.fetched_at,
        coalesce(named.license_id, hf_licenses.license_id) as license_id,
        case
            when hf_licenses.license_id is null then 'not_asked'
            else hf_licenses.reason
        end as reason,
        coalesce(hf_licenses.enriched, false) as enriched,
        greatest(
            hf_licenses.observed_at, named.observed_at, hf_licenses.fetched_at
        ) as seen_at
    from named
    full join hf_licenses on named.license_id = hf_licenses.license_id

)

select * from final
