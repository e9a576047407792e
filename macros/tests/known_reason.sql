{# Why an entity is not enriched is one of these (extract/enrichment/cache.py), or nothing. #}
{% test known_reason(model, column_name) %}
select {{ column_name }}
from {{ model }}
where
    {{ column_name }} not in (
        'not_found', 'gated', 'private', 'disabled', 'malformed_id', 'local_path', 'template_leftover',
        'not_in_vocabulary', 'fetch_failed', 'not_asked'
    )
{% endtest %}
