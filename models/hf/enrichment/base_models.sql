{{ config(tags=['base_models']) }}

{{ known_entity(
    ref('stg_hf__base_model_pairs'),
    ref('stg_hf__base_models'),
    key='base_model_id',
    columns=[
        'resolved_id', 'author', 'pipeline_tag', 'library_name', 'license', 'gated', 'reason',
        'downloads', 'likes', 'parameters', 'depth', 'enriched', 'is_private', 'is_disabled',
        'tags', 'hub_created_at', 'last_modified',
    ],
    fallbacks={'depth': 'cast(1 as bigint)'},
) }}
