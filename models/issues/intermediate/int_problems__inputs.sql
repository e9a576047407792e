-- What each post is judged by: its vector, its words and whether it points at a page.
with

embeddings as (

    select * from {{ ref('embeddings') }}

),

documents as (

    select * from {{ ref('documents') }}

),

kinds as (

    select * from {{ ref('int_post_kinds') }}

),

final as (

    select
        embeddings.url_hash,
        documents.source,
        documents.title,
        documents.text,
        embeddings.embedding,
        documents.link_url is not null as is_link,
        kinds.left_out is not null as is_left_out,
        kinds.is_sure and kinds.kind = 'showcase' as is_showcase,
        -- What is left out now and was not before is to be judged again, as a text that changed is.
        case
            when kinds.left_out is not null or (kinds.is_sure and kinds.kind = 'showcase')
                then md5(concat_ws(chr(31), embeddings.text_hash, kinds.kind, kinds.left_out))
            else embeddings.text_hash
        end as text_hash
    from embeddings
    inner join documents on embeddings.url_hash = documents.url_hash
    inner join kinds on embeddings.url_hash = kinds.url_hash

)

select * from final
