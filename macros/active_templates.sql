{# The active templates of a seed with their texts. A file that is named and not there leaves the
   text null, which a test reports. #}
{% macro active_templates(kind) -%}
{%- set input = kind ~ '_templates' -%}
with

named as (

    select * from {{ ref(input) }}
    where active

),

files as (

    select * from {{ source('inputs', input) }}
    where csv_rows is null

),

final as (

    select
        named.template_id,
        'inputs/templates/{{ kind }}/' || named.file as file,
        files.content as source,
        files.sha256
    from named
    left join files on files.path = 'inputs/templates/{{ kind }}/' || named.file

)

select * from final
{%- endmacro %}
