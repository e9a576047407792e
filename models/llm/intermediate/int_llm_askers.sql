{%- set askers = {
    'issue labels': ref('int_issue_labels__llm'),
    'links': ref('int_links_responses'),
    'essays': ref('int_essay_responses'),
    'evaluations': ref('int_evaluation_responses'),
} -%}
{%- set built = [] -%}
{%- for asker, relation in askers.items() if not execute or load_relation(relation) is not none -%}
    {%- do built.append((asker, relation)) -%}
{%- endfor -%}
-- The models that ask a language model, and how many rows each has by now. stg_llm_calls reads it
-- and is so built after all of them. A warehouse with only some of them, of one area, is as good.
with

final as (

    {% for asker, relation in built %}
        select
            '{{ asker }}' as asker,
            count(*) as row_count
        from {{ relation }}
        {{ 'union all' if not loop.last }}
    {% else %}
        select
            cast(null as varchar) as asker,
            cast(null as bigint) as row_count
        where false
    {% endfor %}

)

select * from final
