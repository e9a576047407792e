{{
    config(
        materialized='incremental',
        unique_key='arxiv_id',
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['articles'],
    )
}}

{%- set observed_columns = [
    'title', 'summary', 'primary_category', 'doi', 'journal_ref', 'comment', 'reason',
    'version', 'enriched', 'is_template_leftover', 'authors', 'categories', 'published_at',
    'revised_at',
] %}

with

observed as (

    select * from {{ ref('stg_hf__articles') }}

),

final as (

    select
        observed.arxiv_id,
        {% for column in observed_columns %}
            observed.{{ column }},
        {% endfor %}
        observed.fetched_at,
        {{ entity_times('arxiv_id', observed_columns) }}
    from observed
    {{ unless_known_better('arxiv_id') }}

)

select * from final
