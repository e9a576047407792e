-- The text that is mined: every post of bronze, cleaned, with the post that it repeats.
with

posts as (

    select * from {{ source('bronze', 'raw_items') }}

),

cleaned as (

    select * from {{ ref('stg_posts__cleaned') }}

),

folded as (

    select * from {{ ref('stg_posts__folded') }}

),

copies as (

    select
        duplicate_of as url_hash,
        count(*) as copies
    from folded
    where duplicate_of is not null
    group by duplicate_of

),

final as (

    select
        posts.url_hash,
        folded.duplicate_of,
        posts.source,
        posts.native_id,
        posts.url,
        posts.link_url,
        cleaned.title,
        cleaned.text,
        md5(concat_ws(chr(31), cleaned.title, cleaned.text)) as text_hash,
        posts.author_hash,
        posts.score,
        posts.comment_count,
        coalesce(copies.copies, 0) as copies,
        folded.similarity,
        cleaned.is_cut,
        posts.collection_date,
        posts.created_at as posted_at,
        posts.collected_at
    from posts
    inner join cleaned on posts.url_hash = cleaned.url_hash
    inner join folded on posts.url_hash = folded.url_hash
    left join copies on posts.url_hash = copies.url_hash

)

select * from final
