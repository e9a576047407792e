-- How many posts use each word that names of the Hub are made of. A word that is common in posts
-- and rare in names tells nothing of the name that has it.

{{ config(materialized='table') }}

with

names as (

    select distinct
        name_key,
        unnest(parts) as word
    from {{ ref('int_hub_names') }}

),

words_of_names as (

    select
        word,
        count(*) as in_names
    from names
    where length(word) >= 3 and regexp_matches(word, '^\p{L}+$')
    group by word

),

documents as (

    select
        url_hash,
        lower(concat_ws(' ', title, text)) as told
    from {{ ref('documents') }}
    where duplicate_of is null

),

words_of_posts as (

    select
        url_hash,
        unnest(list_distinct(regexp_extract_all(told, '\p{L}{3,}'))) as word
    from documents

),

counted as (

    select
        words_of_posts.word,
        count(*) as in_posts
    from words_of_posts
    semi join words_of_names on words_of_posts.word = words_of_names.word
    group by words_of_posts.word

),

totals as (

    select
        (select count(distinct names.name_key) from names) as all_names,
        (select count(*) from documents) as all_posts

),

final as (

    select
        words_of_names.word,
        words_of_names.in_names,
        coalesce(counted.in_posts, 0) as in_posts,
        words_of_names.in_names / totals.all_names as share_of_names,
        coalesce(counted.in_posts, 0) / totals.all_posts as share_of_posts
    from words_of_names
    cross join totals
    left join counted on words_of_names.word = counted.word

)

select * from final
