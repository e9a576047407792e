-- What the Hub's vocabulary says of the keywords that models carry.

{{ config(materialized='ephemeral', tags=['keywords']) }}

{{ staged_entity(source('bronze', 'hf_keywords'), {
    'keyword_id': 'text',
    'kind': 'text',
    'label': 'text',
    'description': 'text',
}) }}
