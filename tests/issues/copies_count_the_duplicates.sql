-- One row per document that counts other than as many copies as posts name it.
{{ config(enabled = target.type == 'duckdb') }}

with

documents as (

    select * from {{ ref('documents') }}

),

duplicates as (

    select
        duplicate_of as url_hash,
        count(*) as posts
    from documents
    where duplicate_of is not null
    group by duplicate_of

),

final as (

    select
        documents.url_hash,
        documents.copies,
        duplicates.posts
    from documents
    left join duplicates on documents.url_hash = duplicates.url_hash
    where documents.copies <> coalesce(duplicates.posts, 0)

)

select * from final
