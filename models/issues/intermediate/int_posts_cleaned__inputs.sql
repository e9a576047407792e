-- What each post is cleaned by: its words, and what of them was learned to be its place's form.
with

posts as (

    select * from {{ ref('stg_posts') }}

),

read as (

    select * from {{ ref('int_post_units') }}

),

forms as (

    select * from {{ ref('int_post_forms') }}

),

units as (

    select
        posts.url_hash,
        posts.form_place,
        unnest(read.units, recursive := true)  -- noqa: AL03
    from posts
    inner join read on posts.url_hash = read.url_hash

),

learned as (

    select
        units.url_hash,
        list(forms.section order by forms.section) filter (forms.line = 0) as form_headings,
        list(forms.section order by forms.section) filter (forms.is_fact) as form_facts,
        list(forms.line order by forms.line) filter (forms.line > 0) as form_lines
    from units
    inner join forms
        on
            units.form_place = forms.form_place
            and units.section = forms.section
            and units.line = forms.line
    group by units.url_hash

),

final as (

    select
        posts.url_hash,
        posts.source,
        posts.title,
        posts.body,
        coalesce(learned.form_headings, []) as form_headings,
        coalesce(learned.form_facts, []) as form_facts,
        coalesce(learned.form_lines, []) as form_lines,
        -- A post is cleaned again when its words changed, or what was learned of them.
        md5(
            concat_ws(
                chr(31),
                posts.content_hash,
                learned.form_headings,
                learned.form_facts,
                learned.form_lines
            )
        ) as content_hash
    from posts
    left join learned on posts.url_hash = learned.url_hash

)

select * from final
