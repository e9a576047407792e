-- What arXiv says of the papers that it was asked for.

{{ config(materialized='ephemeral', tags=['articles']) }}

{{ staged_entity(source('bronze', 'arxiv_articles'), {
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
}, renamed={'updated_at': 'revised_at'}) }}
