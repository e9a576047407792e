-- One row per post that bronze and documents do not both have, with the same values.
{{ config(enabled = target.type == 'duckdb') }}

with

raw_items as (

    select * from {{ source('bronze', 'raw_items') }}

),

documents as (

    select * from {{ ref('documents') }}

),

final as (

    select
        raw_items.url_hash,
        documents.url_hash as document_url_hash
    from raw_items
    full outer join documents on raw_items.url_hash = documents.url_hash
    where
        raw_items.url_hash is null
        or documents.url_hash is null
        or raw_items.source is distinct from documents.source
        or raw_items.native_id is distinct from documents.native_id
        or raw_items.url is distinct from documents.url
        or raw_items.link_url is distinct from documents.link_url
        or raw_items.author_hash is distinct from documents.author_hash
        or raw_items.score is distinct from documents.score
        or raw_items.comment_count is distinct from documents.comment_count
        or raw_items.collection_date is distinct from documents.collection_date
        or raw_items.created_at is distinct from documents.posted_at
        or raw_items.collected_at is distinct from documents.collected_at

)

select * from final
