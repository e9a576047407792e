-- Which base models each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['base_models']) }}

{{ staged_mapping(source('bronze', 'hf_model_base_models'), {
    'base_model_id': 'text',
    'relation': 'text',
}) }}
