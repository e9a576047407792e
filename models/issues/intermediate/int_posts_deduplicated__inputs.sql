-- What posts are compared by, and a hash of it that says whether a post is to be compared again.
with

posts as (

    select * from {{ ref('stg_posts') }}

),

cleaned as (

    select * from {{ ref('int_posts_cleaned') }}

),

final as (

    select
        posts.url_hash,
        cleaned.title,
        cleaned.text,
        posts.link_hash,
        posts.posted_at,
        md5(
            concat_ws(chr(31), cleaned.content_hash, cleaned.cleaning_version, posts.link_hash)
        ) as content_hash
    from posts
    inner join cleaned on posts.url_hash = cleaned.url_hash

)

select * from final
