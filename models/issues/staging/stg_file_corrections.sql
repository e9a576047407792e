-- The corrections of inputs/corrections.csv, a row for each of its lines.
with

files as (

    select * from {{ input_or_empty(source('inputs', 'corrections')) }} as loaded

),

tables as (

    select
        from_json(
            csv_rows,
            '[{
                "issue_id": "text", "kind": "text", "value": "text", "post": "text",
                "who": "text", "why": "text", "made_on": "text"
            }]'
        ) as said
    from files
    where csv_rows is not null

),

listed as (

    select
        generate_subscripts(said, 1) as place,
        unnest(said) as correction
    from tables

),

told as (

    select
        listed.place,
        'inputs/corrections.csv' as given_by,
        lower(trim(listed.correction.issue_id)) as issue_id,
        lower(trim(listed.correction.kind)) as kind,
        trim(listed.correction.value) as value,  -- noqa: RF04
        trim(listed.correction.post) as post,
        trim(listed.correction.who) as who,
        trim(listed.correction.why) as why,
        try_cast(listed.correction.made_on as timestamptz) as made_at
    from listed

),

final as (

    select
        *,
        md5(to_json([
            issue_id, kind, value, post, who, why, cast(epoch_us(made_at) as varchar)
        ])) as correction_id
    from told

)

select * from final
