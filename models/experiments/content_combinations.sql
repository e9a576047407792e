-- Every set of k_max active concepts, each once whatever the order.
{%- set size = var('k_max') | int -%}
{%- if size < 1 -%}
    {{ exceptions.raise_compiler_error("k_max is " ~ var('k_max') ~ ": give a number of at least 1") }}
{%- endif -%}
{%- set ids, hashes, joins = [], [], [] -%}
{%- for place in range(size) -%}
    {%- do ids.append('concept_' ~ place ~ '.concept_id') -%}
    {%- do hashes.append('concept_' ~ place ~ '.content_hash') -%}
    {%- if place -%}
        {%- do joins.append(
            'inner join concepts as concept_' ~ place ~ ' on ' ~ ids[-2] ~ ' < ' ~ ids[-1]
        ) -%}
    {%- endif -%}
{%- endfor %}
with

concepts as (

    select * from {{ ref('stg_concepts') }}
    where is_active

),

combinations as (

    select
        list_value({{ ids | join(', ') }}) as concept_ids,
        md5(concat_ws(' ', {{ hashes | join(', ') }})) as content_hash
    from concepts as concept_0
    {{ joins | join('\n    ') }}

),

final as (

    select
        {{ generate_surrogate_key(['concept_ids']) }} as combo_id,
        concept_ids,
        content_hash
    from combinations

)

select * from final
