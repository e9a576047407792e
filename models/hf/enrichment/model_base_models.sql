{{ config(tags=['base_models']) }}

{{ known_mapping(
    ref('stg_hf__base_model_pairs'),
    'hf_model_base_models',
    keys=['model_id', 'base_model_id', 'relation'],
    entity=ref('base_models'),
    resolved='entity.resolved_id',
) }}
