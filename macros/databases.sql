{# Every difference between DuckDB and Postgres, one dispatched macro each. #}

{# The first tag `<prefix>...` of a JSON array of tags, without the prefix; null when there is none
   or when tags is no array. #}
{% macro first_tag_value(tags, prefix) -%}
    {{ return(adapter.dispatch('first_tag_value', 'assay')(tags, prefix)) }}
{%- endmacro %}

{% macro duckdb__first_tag_value(tags, prefix) -%}
    nullif(substr(
        list_filter(
            case when json_type({{ tags }}) = 'ARRAY' then cast({{ tags }} as varchar[]) end,
            lambda tag: starts_with(tag, '{{ prefix }}')
        )[1],
        {{ prefix | length + 1 }}
    ), '')
{%- endmacro %}

{% macro postgres__first_tag_value(tags, prefix) -%}
    (
        select nullif(substr(tag.value, {{ prefix | length + 1 }}), '')
        from
            jsonb_array_elements_text(
                case
                    when jsonb_typeof(cast({{ tags }} as jsonb)) = 'array'
                        then cast({{ tags }} as jsonb)
                end
            ) with ordinality as tag (value, position)
        where starts_with(tag.value, '{{ prefix }}')
        order by tag.position
        limit 1
    )
{%- endmacro %}

{# Text compared by code point, as the Hub's ids are ordered. Postgres would otherwise use the
   language rules of whoever created the database. #}
{% macro code_points(expression) -%}
    {{ return(adapter.dispatch('code_points', 'assay')(expression)) }}
{%- endmacro %}

{% macro default__code_points(expression) -%}
    {{ expression }}
{%- endmacro %}

{% macro postgres__code_points(expression) -%}
    {{ expression }} collate "C"
{%- endmacro %}

{# An index where the database has use for one. DuckDB scans columns faster than it keeps an index,
   and its indexes must fit in memory. #}
{% macro create_index(name, columns) -%}
    {{ return(adapter.dispatch('create_index', 'assay')(name, columns)) }}
{%- endmacro %}

{% macro default__create_index(name, columns) -%}
{%- endmacro %}

{% macro postgres__create_index(name, columns) -%}
    create index if not exists {{ name }} on {{ this }} ({{ columns }})
{%- endmacro %}

{# How rows are replaced by key. DuckDB needs half the memory to delete and insert wide rows; on
   Postgres the foreign keys that point at them forbid the delete. #}
{% macro upsert_strategy() -%}
    {{ return(adapter.dispatch('upsert_strategy', 'assay')()) }}
{%- endmacro %}

{% macro default__upsert_strategy() -%}
    {{ return('merge') }}
{%- endmacro %}

{% macro duckdb__upsert_strategy() -%}
    {{ return('delete+insert') }}
{%- endmacro %}

{# Rows out and rows in, by keys that name several rows each. dbt-duckdb joins what goes with what
   comes where such a key has several columns: the thousand models of a listing that is read again
   make a million pairs. #}
{% macro duckdb__get_delete_insert_merge_sql(
    target, source, unique_key, dest_columns, incremental_predicates
) -%}
    {%- set keys = [unique_key] if unique_key is string else (unique_key or []) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    {%- if keys %}
    delete from {{ target }}
    where
        ({{ keys | join(', ') }}) in (select ({{ keys | join(', ') }}) from {{ source }})
        {%- for predicate in incremental_predicates or [] %}
        and {{ predicate }}
        {%- endfor %};
    {%- endif %}

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
{%- endmacro %}

{# The type of a JSON column. #}
{% macro json_type() -%}
    {{ return(adapter.dispatch('json_type', 'assay')()) }}
{%- endmacro %}

{% macro default__json_type() -%}
    {{ return('json') }}
{%- endmacro %}

{% macro postgres__json_type() -%}
    {{ return('jsonb') }}
{%- endmacro %}

{# The texts of a JSON array, one per row, to be cross joined; no row when it is no array. #}
{% macro each_text(array) -%}
    {{ return(adapter.dispatch('each_text', 'assay')(array)) }}
{%- endmacro %}

{% macro duckdb__each_text(array) -%}
    unnest(case when json_type({{ array }}) = 'ARRAY' then cast({{ array }} as varchar[]) end)
{%- endmacro %}

{% macro postgres__each_text(array) -%}
    jsonb_array_elements_text(
        case when jsonb_typeof({{ array }}) = 'array' then {{ array }} end
    )
{%- endmacro %}

{# Whether tables are those of a lake, which dbt reaches as a DuckDB (assay/warehouse/lake.py). #}
{% macro is_lake() -%}
    {{ return(target.name == 'ducklake') }}
{%- endmacro %}

{# The type of a vector. A lake has lists without a length; the model that makes vectors holds it. #}
{% macro vector_type() -%}
    float[{{ '' if is_lake() else var('embedding_dimension') }}]
{%- endmacro %}
