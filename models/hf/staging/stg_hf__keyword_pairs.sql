-- Which keywords each model's tags name, as last identified.

{{ config(materialized='ephemeral', tags=['keywords']) }}

{{ staged_mapping(source('bronze', 'hf_model_keywords'), {'keyword_id': 'text', 'kind': 'text'}) }}
