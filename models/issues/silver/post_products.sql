-- Which of a person's own products, and of those that compete with them, each post speaks of. The
-- seed is small, so that each of its words is looked for in each post.
with

our_products as (

    select
        product,
        kind,
        sign,
        lower(trim(value)) as value  -- noqa: RF04
    from {{ ref('our_products') }}

),

documents as (

    select
        url_hash,
        lower(concat_ws(chr(10), title, text)) as told
    from {{ ref('documents') }}

),

posts as (

    select
        url_hash,
        -- A repository with its owner, a subreddit, or tags.
        list_concat(
            [lower(regexp_replace(form_place, '^[^/]*/?', ''))],
            list_transform(tags, lambda tag: lower(tag))
        ) as places
    from {{ ref('stg_posts') }}

),

by_word as (

    select
        documents.url_hash,
        our_products.product,
        our_products.kind,
        'word' as named_by
    from documents
    inner join our_products
        on
            our_products.sign = 'word'
            and contains(documents.told, our_products.value)
            and regexp_matches(
                documents.told,
                concat(
                    '(^|[^\p{L}\p{N}_])', regexp_escape(our_products.value), '($|[^\p{L}\p{N}_])'
                )
            )

),

by_place as (

    select
        posts.url_hash,
        our_products.product,
        our_products.kind,
        'place' as named_by
    from posts
    inner join our_products
        on our_products.sign = 'place' and list_contains(posts.places, our_products.value)
    semi join documents on posts.url_hash = documents.url_hash

),

final as (

    select
        url_hash,
        product,
        any_value(kind) as kind,
        min(named_by) as named_by
    from (
        select * from by_word
        union all
        select * from by_place
    ) as signs
    group by url_hash, product

)

select * from final
