-- Every licence that a model's tags name, with what SPDX or the Hub's list says of it.

{{ config(materialized='ephemeral', tags=['licenses']) }}

{%- set columns = {
    'license_id': 'text',
    'spdx_id': 'text',
    'name': 'text',
    'family': 'text',
    'url': 'text',
    'is_osi_approved': 'boolean',
} %}

with

pairs as (

    select * from {{ ref('stg_hf__license_pairs') }}

),

hf_licenses as (

    select * from {{ entity_or_empty(source('bronze', 'hf_licenses'), columns) }} as loaded

),

named as (

    {{ named_in('pairs', ['license_id']) }}

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
        {{ found_or_why('hf_licenses', 'license_id') }}
    from named
    full join hf_licenses on named.license_id = hf_licenses.license_id

)

select * from final
