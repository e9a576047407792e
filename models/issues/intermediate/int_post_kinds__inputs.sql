-- By what the kind of each post is told: its words, what the API says, and how often it comes back.
with

documents as (

    select * from {{ ref('documents') }}

),

posts as (

    select * from {{ ref('stg_posts') }}

),

found as (

    select * from {{ ref('int_post_units') }}

),

-- Titles of one author in one place that differ in numbers and dates alone, and the days of these.
returns as (

    select
        posts.form_place,
        posts.author_hash,
        found.title_key,
        count(distinct posts.title) as titles,
        count(distinct cast(posts.posted_at as date)) as days  -- noqa: RF04
    from posts
    inner join found on posts.url_hash = found.url_hash
    where posts.author_hash is not null
    group by posts.form_place, posts.author_hash, found.title_key

),

signs as (

    select
        documents.url_hash,
        documents.source,
        documents.title,
        documents.text,
        posts.author_type,
        posts.distinguished,
        posts.flair,
        posts.labels,
        posts.tags,
        coalesce(posts.is_stickied, false) as is_stickied,
        documents.link_url is not null as is_link,
        coalesce(returns.titles, 1) as titles,
        coalesce(returns.days, 1) as days  -- noqa: RF04
    from documents
    inner join posts on documents.url_hash = posts.url_hash
    inner join found on documents.url_hash = found.url_hash
    left join returns
        on
            posts.form_place = returns.form_place
            and posts.author_hash = returns.author_hash
            and found.title_key = returns.title_key

),

final as (

    select
        *,
        -- A post is told apart again when one of these changes.
        md5(
            cast(
                {
                    'title': title,
                    'text': md5(text),
                    'api': [author_type, distinguished, flair, cast(is_stickied as varchar)],
                    'labels': labels,
                    'tags': tags,
                    'is_link': is_link,
                    'titles': least(titles, 100),
                    'days': least(days, 100)
                } as varchar
            )
        ) as signs_hash
    from signs

)

select * from final
