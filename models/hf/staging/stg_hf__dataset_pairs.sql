-- Which data sets each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['datasets']) }}

{{ staged_mapping(source('bronze', 'hf_model_datasets'), {'dataset_id': 'text'}) }}
