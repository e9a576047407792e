{{ config(tags=['datasets']) }}

-- depends_on: {{ ref('datasets') }}
{{ known_mapping(
    ref('stg_hf__dataset_pairs'), 'hf_model_datasets', keys=['model_id', 'dataset_id']
) }}
