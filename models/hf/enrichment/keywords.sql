{{ config(tags=['keywords']) }}

{#- How the models name it, the most telling first. #}
{%- set kind -%}
case min(case kind when 'pipeline_tag' then 1 when 'library' then 2 else 3 end)
    when 1 then 'pipeline_tag' when 2 then 'library' else 'tag'
end
{%- endset %}

{{ known_entity(
    ref('stg_hf__keyword_pairs'),
    ref('stg_hf__keywords'),
    key='keyword_id',
    columns=['kind', 'label', 'description', 'reason', 'enriched'],
    fallbacks={'kind': kind},
) }}
