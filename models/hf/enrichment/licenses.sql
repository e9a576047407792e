{{ config(tags=['licenses']) }}
{{ entity_config('license_id') }}

{%- set described = ['spdx_id', 'license_name', 'license_family', 'url', 'is_osi_approved'] %}

with

licenses as (

    {{ named_or_described(
        ref('stg_hf__license_pairs'), ref('stg_hf__licenses'), 'license_id', described
    ) }}

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
        coalesce(written.license_terms, meant.license_terms, 'unclassified') as license_terms
    from licenses
    left join license_terms as written on lower(licenses.license_id) = written.license_id
    -- What it means: GPL-3.0-or-later has the terms of gpl-3.0.
    left join license_terms as meant
        on regexp_replace(lower(licenses.spdx_id), '(-only|-or-later|[+])$', '') = meant.license_id
    left join license_strictness
        on coalesce(written.license_terms, meant.license_terms) = license_strictness.license_terms

),

final as (

    {{ newest_known('license_id', [
        'spdx_id', 'license_name', 'license_family', 'license_terms', 'url', 'reason',
        'strictness', 'enriched', 'is_osi_approved',
    ]) }}

)

select * from final
