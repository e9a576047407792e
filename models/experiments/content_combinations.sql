-- Every set of k_max active concepts, each once whatever the order.
{%- set size = var('k_max') | int -%}
{%- if size < 1 -%}
    {{ exceptions.raise_compiler_error("k_max is " ~ var('k_max') ~ ": give a number of at least 1") }}
{%- endif %}
with

concepts as (

    select * from {{ ref('stg_concepts') }}
    where is_active

),

combinations as (

    select
        list_value(
            {%- for place in range(size) %}
            concept_{{ place }}.concept_id{{ ',' if not loop.last }}
            {%- endfor %}
        ) as concept_ids,
        md5(concat_ws(
            ' ',
            {%- for place in range(size) %}
            concept_{{ place }}.content_hash{{ ',' if not loop.last }}
            {%- endfor %}
        )) as content_hash
    from concepts as concept_0
    {%- for place in range(1, size) %}
    inner join concepts as concept_{{ place }}
        on concept_{{ place - 1 }}.concept_id < concept_{{ place }}.concept_id
    {%- endfor %}

),

final as (

    select
        {{ stable_id(['concept_ids']) }} as combo_id,
        concept_ids,
        content_hash
    from combinations

)

select * from final
