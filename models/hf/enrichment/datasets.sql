{{ config(tags=['datasets']) }}

{{ known_entity(
    ref('stg_hf__dataset_pairs'),
    ref('stg_hf__datasets'),
    key='dataset_id',
    columns=[
        'resolved_id', 'author', 'license', 'description', 'gated', 'reason', 'downloads',
        'likes', 'enriched', 'is_private', 'is_disabled', 'tags', 'croissant', 'hub_created_at',
        'last_modified',
    ],
) }}
