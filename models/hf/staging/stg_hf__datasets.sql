-- What the Hub says of the data sets that it was asked for.

{{ config(materialized='ephemeral', tags=['datasets']) }}

{{ staged_entity(source('bronze', 'hf_datasets'), {
    'dataset_id': 'text',
    'resolved_id': 'text',
    'author': 'text',
    'license': 'text',
    'description': 'text',
    'gated': 'text',
    'downloads': 'bigint',
    'likes': 'bigint',
    'is_private': 'boolean',
    'is_disabled': 'boolean',
    'hub_created_at': 'timestamptz',
    'last_modified': 'timestamptz',
    'tags': json_type(),
    'croissant': json_type(),
}, derived={'description': folded('description')}) }}
