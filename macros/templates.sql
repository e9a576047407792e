{# The active templates of a seed with their texts out of bronze.input_files; a file that is named
   and not there leaves the text null, which a test reports. #}
{% macro templates(seed) -%}
with

named as (

    select * from {{ ref(seed) }}

),

files as (

    select * from {{ source('bronze', 'input_files') }}
    where input_name = '{{ seed }}'

),

final as (

    select
        named.template_id,
        coalesce(files.path, named.file) as file,
        files.content as source,
        files.sha256
    from named
    left join files
        on files.path = named.file or ends_with(files.path, '/' || named.file)
    where named.active

)

select * from final
{%- endmacro %}
