-- Posts that say a distinctive name: one to five words in a row, compared without the spaces and
-- hyphens between them. Words that hold more than the name do not say it: `gpt2-xl-fr` is no gpt2,
-- and neither is `gpt2 xl`, since names that begin like it go on with xl.
{{ config(materialized='table') }}

with

documents as (

    select
        url_hash,
        posted_at,
        regexp_split_to_array(
            lower(regexp_replace(concat_ws(chr(10), title, text), '\n', ' . ', 'g')), '\s+'
        ) as words
    from {{ ref('documents') }}

),

names as (

    select * from {{ ref('int_distinctive_names') }}

),

-- What names go on with, by what they begin with.
continued as (

    select distinct
        parts[1] as beginning,
        unnest(parts[2:]) as part
    from {{ ref('int_hub_names') }}

),

beginnings as (

    select distinct beginning from names

),

-- Each word with the four after it, fewer at the end; the lists are taken apart row by row.
places as (

    select
        url_hash,
        posted_at,
        unnest([words[place:place + 4] for place in range(1, len(words) + 1)]) as said
    from documents

),

begun as (

    select places.*
    from (
        select
            *,
            -- What stands before a word, such as a bracket, is not its own; a path is. Ids of the
            -- Hub have no other letters.
            regexp_extract(said[1], '^[^a-z0-9/]*([a-z]+|[0-9]+(?:\.[0-9]+)*)', 1) as beginning
        from places
    ) as places
    semi join beginnings on places.beginning = beginnings.beginning

),

-- A run of words ends where one of them ends with a mark or the next begins with one.
runs as (

    select
        url_hash,
        posted_at,
        beginning,
        unnest([
            {{ run_of_words(1) }},
            {{ run_of_words(2) }},
            {{ run_of_words(3) }},
            {{ run_of_words(4) }},
            {{ run_of_words(5) }}
        ]) as run
    from begun

),

keys as (

    select
        runs.url_hash,
        runs.posted_at,
        runs.beginning,
        regexp_replace(
            regexp_replace(runs.run.words, '^[^\p{L}0-9/]+|(?:''s)?[^\p{L}0-9/]+$|''s$', '', 'g'),
            '[-_]',
            '',
            'g'
        ) as name_key,
        regexp_extract(runs.run.next, '^([a-z]+|[0-9]+(?:\.[0-9]+)*)', 1) as next_part
    from runs
    where runs.run is not null

),

said_names as (

    select distinct
        keys.url_hash,
        keys.posted_at,
        names.name_key,
        names.entity_kind,
        names.entity_id,
        names.downloads
    from keys
    inner join names on keys.name_key = names.name_key
    anti join continued
        on keys.beginning = continued.beginning and keys.next_part = continued.part

),

-- The Hub counts the downloads of a month. A name that many say and hardly anybody downloads means
-- something else.
months as (

    select
        name_key,
        max(posts) as posts
    from (
        select
            name_key,
            count(*) over (
                partition by name_key order by posted_at
                range between interval 30 days preceding and current row
            ) as posts
        from said_names
    ) as counted
    group by name_key

),

final as (

    select distinct
        said_names.url_hash,
        said_names.entity_kind,
        said_names.entity_id,
        'name' as named_by
    from said_names
    inner join months on said_names.name_key = months.name_key
    where said_names.downloads >= {{ var('name_min_downloads_per_post') }} * months.posts

)

select * from final
