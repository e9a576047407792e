-- Every keyword that a model carries, with what the Hub's vocabulary says of it.

{{ config(materialized='ephemeral', tags=['keywords']) }}

{%- set columns = {
    'keyword_id': 'text',
    'kind': 'text',
    'label': 'text',
    'description': 'text',
} %}

with

pairs as (

    select * from {{ ref('stg_hf__keyword_pairs') }}

),

hf_keywords as (

    select * from {{ entity_or_empty(source('bronze', 'hf_keywords'), columns) }} as loaded

),

named as (

    select
        keyword_id,
        -- How the models name it, the most telling first.
        min(case kind when 'pipeline_tag' then 1 when 'library' then 2 else 3 end) as kind_order,
        max(observed_at) as observed_at
    from pairs
    group by keyword_id

),

final as (

    select
        hf_keywords.label,
        hf_keywords.description,
        hf_keywords.fetched_at,
        coalesce(named.keyword_id, hf_keywords.keyword_id) as keyword_id,
        coalesce(
            hf_keywords.kind,
            case named.kind_order when 1 then 'pipeline_tag' when 2 then 'library' else 'tag' end
        ) as kind,
        {{ found_or_why('hf_keywords', 'keyword_id') }}
    from named
    full join hf_keywords on named.keyword_id = hf_keywords.keyword_id

)

select * from final
