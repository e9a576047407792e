-- Every data set that a model's tags name, with what the Hub says of it.

{{ config(materialized='ephemeral', tags=['datasets']) }}

{%- set columns = {
    'dataset_id': 'text',
    'resolved_id': 'text',
    'author': 'text',
    'license': 'text',
    'description': 'text',
    'gated': 'text',
    'downloads': 'bigint',
    'likes': 'bigint',
    'is_private': 'boolean',
    'is_disabled': 'boolean',
    'hub_created_at': 'timestamptz',
    'last_modified': 'timestamptz',
    'tags': json_type(),
    'croissant': json_type(),
} %}

with

pairs as (

    select * from {{ ref('stg_hf__dataset_pairs') }}

),

hf_datasets as (

    select * from {{ entity_or_empty(source('bronze', 'hf_datasets'), columns) }} as loaded

),

named as (

    {{ named_in('pairs', ['dataset_id']) }}

),

final as (

    select
        hf_datasets.resolved_id,
        hf_datasets.author,
        hf_datasets.license,
        hf_datasets.gated,
        hf_datasets.downloads,
        hf_datasets.likes,
        hf_datasets.is_private,
        hf_datasets.is_disabled,
        hf_datasets.tags,
        hf_datasets.croissant,
        hf_datasets.hub_created_at,
        hf_datasets.last_modified,
        hf_datasets.fetched_at,
        coalesce(named.dataset_id, hf_datasets.dataset_id) as dataset_id,
        {{ folded('hf_datasets.description') }} as description,
        {{ found_or_why('hf_datasets', 'dataset_id') }}
    from named
    full join hf_datasets on named.dataset_id = hf_datasets.dataset_id

)

select * from final
