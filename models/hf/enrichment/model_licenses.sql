{{ config(tags=['licenses']) }}

{{ known_mapping(
    ref('stg_hf__license_pairs'),
    'hf_model_licenses',
    keys=['model_id', 'license_id'],
    entity=ref('licenses'),
    resolved='entity.spdx_id',
) }}
