{{ config(tags=['datasets']) }}

{{ known_mapping(
    ref('stg_hf__dataset_pairs'),
    'hf_model_datasets',
    keys=['model_id', 'dataset_id'],
    entity=ref('datasets'),
    resolved='entity.resolved_id',
) }}
