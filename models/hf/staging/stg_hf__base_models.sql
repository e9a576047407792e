-- What the Hub says of the models that others were made from. Those that only a base model was made
-- from are in no pair: enrichment found them.

{{ config(materialized='ephemeral', tags=['base_models']) }}

{{ staged_entity(source('bronze', 'hf_base_models'), {
    'model_id': 'text',
    'resolved_id': 'text',
    'author': 'text',
    'pipeline_tag': 'text',
    'library_name': 'text',
    'license': 'text',
    'gated': 'text',
    'downloads': 'bigint',
    'likes': 'bigint',
    'parameters': 'bigint',
    'depth': 'bigint',
    'is_private': 'boolean',
    'is_disabled': 'boolean',
    'hub_created_at': 'timestamptz',
    'last_modified': 'timestamptz',
    'tags': json_type(),
}, renamed={'model_id': 'base_model_id'}) }}
