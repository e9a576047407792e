{{ config(tags=['articles']) }}

{{ known_entity(
    ref('stg_hf__article_pairs'),
    ref('stg_hf__articles'),
    key='arxiv_id',
    columns=[
        'title', 'summary', 'primary_category', 'doi', 'journal_ref', 'comment', 'reason',
        'version', 'enriched', 'is_template_leftover', 'authors', 'categories', 'published_at',
        'revised_at',
    ],
    fallbacks={'is_template_leftover': 'bool_or(is_template_leftover)'},
    not_asked="case when named.is_template_leftover then 'template_leftover' else 'not_asked' end",
) }}
