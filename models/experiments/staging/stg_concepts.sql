-- The concepts of inputs/concepts.csv, each with the text of its file.
with

files as (

    select * from {{ source('inputs', 'concepts') }}

),

named as (

    select
        unnest(from_json(
            csv_rows,
            '[{"concept_id": "VARCHAR", "title": "VARCHAR", "file": "VARCHAR", "active": "VARCHAR"}]'
        )) as concept
    from files
    where csv_rows is not null

),

final as (

    select
        named.concept.concept_id,
        coalesce(named.concept.title, named.concept.concept_id) as title,
        files.path as file,
        files.content as text,
        md5(concat_ws(chr(10), named.concept.title, files.content)) as content_hash,
        lower(coalesce(named.concept.active, 'true')) = 'true' as is_active
    from named
    left join files
        on files.path = 'inputs/concepts/' || named.concept.file

)

select * from final
