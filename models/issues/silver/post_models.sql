-- Which models, data sets and libraries each post speaks of: once each, by the surest sign.
with

signs as (

    select * from {{ ref('int_post_addresses') }}
    union all
    select * from {{ ref('int_post_names') }}

),

names as (

    select distinct
        entity_kind,
        entity_id
    from {{ ref('int_hub_names') }}

),

documents as (

    select url_hash from {{ ref('documents') }}

),

-- Ids that no catalog has are one whatever their case.
surest as (

    select
        url_hash,
        entity_kind,
        min(entity_id) as entity_id,
        min({{ place_of_sign('named_by') }}) as surest_sign
    from signs
    group by url_hash, entity_kind, lower(entity_id)

),

final as (

    select
        surest.url_hash,
        surest.entity_kind,
        surest.entity_id,
        {{ sign_at('surest.surest_sign') }} as named_by,
        surest.entity_kind = 'library' or names.entity_id is not null as is_in_catalog
    from surest
    semi join documents on surest.url_hash = documents.url_hash
    left join names
        on surest.entity_kind = names.entity_kind and surest.entity_id = names.entity_id

)

select * from final
