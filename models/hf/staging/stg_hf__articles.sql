-- Every paper that a model's tags name, with what arXiv says of it.

{{ config(materialized='ephemeral', tags=['articles']) }}

{%- set columns = {
    'arxiv_id': 'text',
    'is_template_leftover': 'boolean',
    'title': 'text',
    'summary': 'text',
    'authors': json_type(),
    'primary_category': 'text',
    'categories': json_type(),
    'doi': 'text',
    'journal_ref': 'text',
    'comment': 'text',
    'version': 'bigint',
    'published_at': 'timestamptz',
    'updated_at': 'timestamptz',
} %}
{%- set unasked %}
case when named.is_template_leftover then 'template_leftover' else 'not_asked' end
{%- endset %}

with

pairs as (

    select * from {{ ref('stg_hf__article_pairs') }}

),

arxiv_articles as (

    select * from {{ entity_or_empty(source('bronze', 'arxiv_articles'), columns) }} as loaded

),

named as (

    {{ named_in('pairs', ['arxiv_id', 'is_template_leftover']) }}

),

final as (

    select
        arxiv_articles.title,
        arxiv_articles.summary,
        arxiv_articles.primary_category,
        arxiv_articles.doi,
        arxiv_articles.journal_ref,
        arxiv_articles.comment,
        arxiv_articles.version,
        arxiv_articles.authors,
        arxiv_articles.categories,
        arxiv_articles.published_at,
        arxiv_articles.updated_at as revised_at,
        arxiv_articles.fetched_at,
        coalesce(named.arxiv_id, arxiv_articles.arxiv_id) as arxiv_id,
        coalesce(
            arxiv_articles.is_template_leftover, named.is_template_leftover
        ) as is_template_leftover,
        {{ found_or_why('arxiv_articles', 'arxiv_id', unasked=unasked | trim) }}
    from named
    full join arxiv_articles on named.arxiv_id = arxiv_articles.arxiv_id

)

select * from final
