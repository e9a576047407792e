-- The text that is mined: every post of bronze, cleaned, with the post that it repeats.
with

posts as (

    select * from {{ ref('stg_posts') }}

),

cleaned as (

    select
        *,
        md5(concat_ws(chr(31), title, text)) as text_hash
    from {{ ref('int_posts_cleaned') }}

),

folded as (

    select * from {{ ref('int_posts_deduplicated') }}

),

copies as (

    select
        duplicate_of as url_hash,
        count(*) as copies
    from folded
    where duplicate_of is not null
    group by duplicate_of

),

counted as (

    select
        folded.*,
        coalesce(copies.copies, 0) as copies
    from folded
    left join copies on folded.url_hash = copies.url_hash

),

final as (

    select
        posts.url_hash,
        counted.duplicate_of,
        posts.source,
        posts.native_id,
        posts.url,
        posts.link_url,
        cleaned.title,
        cleaned.text,
        cleaned.text_hash,
        posts.author_hash,
        posts.score,
        posts.comment_count,
        counted.copies,
        counted.similarity,
        cleaned.is_cut,
        posts.collection_date,
        posts.posted_at,
        posts.collected_at
    from posts
    inner join cleaned on posts.url_hash = cleaned.url_hash
    inner join counted on posts.url_hash = counted.url_hash

)

select * from final
