-- One row per duplicate of a post that is a duplicate itself, or that came later.
{{ config(enabled = target.type == 'duckdb') }}

with

documents as (

    select * from {{ ref('documents') }}

),

final as (

    select
        documents.url_hash,
        documents.posted_at,
        firsts.url_hash as first_url_hash,
        firsts.posted_at as first_posted_at,
        firsts.duplicate_of
    from documents
    inner join documents as firsts on documents.duplicate_of = firsts.url_hash
    where
        firsts.duplicate_of is not null
        or firsts.posted_at > documents.posted_at

)

select * from final
