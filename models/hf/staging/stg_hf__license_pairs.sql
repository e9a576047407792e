-- Which licences each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['licenses']) }}

{{ staged_mapping(source('bronze', 'hf_model_licenses'), {'license_id': 'text'}) }}
