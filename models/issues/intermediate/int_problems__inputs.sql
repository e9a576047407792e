-- What each post is judged by: its vector, its words and whether it points at a page.
with

embeddings as (

    select * from {{ ref('embeddings') }}

),

documents as (

    select * from {{ ref('documents') }}

),

-- Who shows a work, or points at a page without a word, reports no problem of their own; both may
-- be evidence of what others report.
kinds as (

    select
        told.url_hash,
        told.kind,
        told.left_out,
        (told.is_sure and told.kind = 'showcase')
        or (documents.link_url is not null and documents.text = '') as is_second_hand
    from {{ ref('int_post_kinds') }} as told
    inner join documents on told.url_hash = documents.url_hash

),

final as (

    select
        embeddings.url_hash,
        documents.source,
        documents.title,
        documents.text,
        embeddings.embedding,
        kinds.is_second_hand,
        documents.link_url is not null as is_link,
        kinds.left_out is not null as is_left_out,
        -- What is left out now and was not before is to be judged again, as a text that changed is.
        case
            when kinds.left_out is not null or kinds.is_second_hand
                then md5(concat_ws(chr(31), embeddings.text_hash, kinds.kind, kinds.left_out))
            else embeddings.text_hash
        end as text_hash
    from embeddings
    inner join documents on embeddings.url_hash = documents.url_hash
    inner join kinds on embeddings.url_hash = kinds.url_hash

)

select * from final
