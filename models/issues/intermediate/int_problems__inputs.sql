-- What each post is judged by: its vector, its words and whether it points at a page.
with

embeddings as (

    select * from {{ ref('embeddings') }}

),

documents as (

    select * from {{ ref('documents') }}

),

final as (

    select
        embeddings.url_hash,
        embeddings.text_hash,
        documents.source,
        documents.title,
        documents.text,
        embeddings.embedding,
        documents.link_url is not null as is_link
    from embeddings
    inner join documents on embeddings.url_hash = documents.url_hash

)

select * from final
