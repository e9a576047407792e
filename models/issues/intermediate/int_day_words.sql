-- In how many posts of a clustered day each word stands, those of no issue too, by which a label
-- knows what is an issue's own. The beginning of a text is enough, as much as
-- mining/label/terms.py reads.
with

members as (

    select * from {{ ref('int_cluster_members') }}

),

documents as (

    select * from {{ ref('documents') }}

),

posts as (

    select
        members.cluster_date,
        members.url_hash,
        count(*) over (partition by members.cluster_date) as day_posts,
        list_distinct(
            regexp_extract_all(
                lower(concat_ws(chr(10), documents.title, documents.text[:400])),
                '[\p{L}\p{N}]+(?:[._''-][\p{L}\p{N}]+)*[+#]*'
            )
        ) as words
    from members
    inner join documents on members.url_hash = documents.url_hash

),

unnested as (

    select
        cluster_date,
        day_posts,
        unnest(words) as word
    from posts

),

final as (

    select
        cluster_date,
        word,
        any_value(day_posts) as day_posts,
        count(*) as posts
    from unnested
    group by cluster_date, word

)

select * from final
