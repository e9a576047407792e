-- The concepts of inputs/concepts.csv, each with the text of its file.
with

files as (

    select * from {{ source('inputs', 'concepts') }}

),

listed as (

    select
        unnest(
            from_json(
                csv_rows,
                '[{"concept_id": "text", "title": "text", "file": "text", "active": "text"}]'
            ),
            recursive := true
        )
    from files
    where csv_rows is not null

),

final as (

    select
        listed.concept_id,
        files.path,
        files.content,
        coalesce(listed.title, listed.concept_id) as title,
        md5(concat_ws(chr(10), listed.title, files.content)) as content_hash,
        lower(coalesce(listed.active, 'true')) = 'true' as is_active
    from listed
    left join files on files.path = 'inputs/concepts/' || listed.file

)

select * from final
