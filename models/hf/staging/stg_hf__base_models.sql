-- Every model that another was made from, with what the Hub says of it. Those that only a base
-- model was made from are in no pair: enrichment found them.

{{ config(materialized='ephemeral', tags=['base_models']) }}

{%- set columns = {
    'model_id': 'text',
    'resolved_id': 'text',
    'author': 'text',
    'pipeline_tag': 'text',
    'library_name': 'text',
    'license': 'text',
    'gated': 'text',
    'downloads': 'bigint',
    'likes': 'bigint',
    'parameters': 'bigint',
    'depth': 'bigint',
    'is_private': 'boolean',
    'is_disabled': 'boolean',
    'hub_created_at': 'timestamptz',
    'last_modified': 'timestamptz',
    'tags': json_type(),
} %}

with

pairs as (

    select * from {{ ref('stg_hf__base_model_pairs') }}

),

hf_base_models as (

    select * from {{ entity_or_empty(source('bronze', 'hf_base_models'), columns) }} as loaded

),

named as (

    {{ named_in('pairs', ['base_model_id']) }}

),

final as (

    select
        hf_base_models.resolved_id,
        hf_base_models.author,
        hf_base_models.pipeline_tag,
        hf_base_models.library_name,
        hf_base_models.license,
        hf_base_models.gated,
        hf_base_models.downloads,
        hf_base_models.likes,
        hf_base_models.parameters,
        hf_base_models.is_private,
        hf_base_models.is_disabled,
        hf_base_models.tags,
        hf_base_models.hub_created_at,
        hf_base_models.last_modified,
        hf_base_models.fetched_at,
        coalesce(named.base_model_id, hf_base_models.model_id) as base_model_id,
        coalesce(hf_base_models.depth, 1) as depth,  -- noqa: RF04
        {{ found_or_why('hf_base_models', 'model_id') }}
    from named
    full join hf_base_models on named.base_model_id = hf_base_models.model_id

)

select * from final
