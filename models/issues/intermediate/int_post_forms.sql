-- What of the posts of a place is its form's: headings, answers and lines that come back under
-- titles that differ. Counted anew at every build; cleaned again are the posts of whose own lines
-- the verdict changed. Thresholds: docs/decisions/form-text.md.
{{ config(materialized = 'table') }}

with

posts as (

    select
        posts.url_hash,
        posts.form_place,
        found.title_key,
        found.units,
        coalesce(posts.author_hash, posts.url_hash) as author
    from {{ ref('stg_posts') }} as posts
    inner join {{ ref('int_post_units') }} as found on posts.url_hash = found.url_hash
    where len(found.units) > 0

),

places as (

    select
        form_place,
        count(distinct title_key) as voices
    from posts
    group by form_place

),

units as (

    select
        url_hash,
        form_place,
        title_key,
        author,
        unnest(units, recursive := true)  -- noqa: AL03
    from posts

),

-- One person under three titles shows a form where there are headings; a form without any is shown
-- by three people. What a program said (line -1) is never a form's.
counted as (

    select
        form_place,
        section,
        line,
        count(distinct title_key) as voices,
        count(distinct author) as authors
    from units
    where line <> -1
    group by form_place, section, line

),

headings as (

    select
        form_place,
        section,
        voices
    from counted
    where line = 0 and section <> 0 and voices >= {{ var('form_min_voices') }}

),

repeated as (

    select
        counted.form_place,
        counted.section,
        counted.line,
        counted.voices
    from counted
    left join headings
        on counted.form_place = headings.form_place and counted.section = headings.section
    inner join places on counted.form_place = places.form_place
    where
        counted.line > 0
        and counted.voices >= {{ var('form_min_voices') }}
        and case
            when counted.section <> 0
                then counted.voices >= {{ var('form_min_share') }} * headings.voices
            else
                counted.authors >= {{ var('form_min_voices') }}
                and counted.voices >= {{ var('form_min_share_of_place') }} * places.voices
        end

),

-- What a post answers below a heading, without the lines that are the form's.
answers as (

    select
        units.form_place,
        units.section,
        units.title_key,
        sum(units.words) filter (repeated.line is null) as told
    from units
    inner join headings
        on units.form_place = headings.form_place and units.section = headings.section
    left join repeated
        on
            units.form_place = repeated.form_place
            and units.section = repeated.section
            and units.line = repeated.line
    where units.line <> 0
    group by units.form_place, units.section, units.url_hash, units.title_key

),

facts as (

    select
        form_place,
        section
    from answers
    group by form_place, section
    having
        count(distinct title_key) >= {{ var('form_min_voices') }}
        and count(distinct title_key) filter (told >= {{ var('form_sentence_words') }})
        < {{ var('form_told_share') }} * count(distinct title_key)

),

final as (

    select
        headings.form_place,
        headings.section,
        cast(0 as bigint) as line,  -- noqa: RF04
        headings.voices,
        facts.section is not null as is_fact
    from headings
    left join facts
        on headings.form_place = facts.form_place and headings.section = facts.section
    union all
    select
        form_place,
        section,
        line,
        voices,
        false as is_fact
    from repeated

)

select * from final
