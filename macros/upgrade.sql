{# As a pre-hook of tables that are kept for ever: columns that came with a newer version of the
   project. dbt's own `append_new_columns` comes too late for SQL that compares what is observed with
   what is known. Old rows have no value there until they are observed again. #}
{% macro add_columns_that_came_later() -%}
    {%- if execute and is_incremental() -%}
        {%- set there = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
        {%- for name, column in model.columns.items() if name not in there %}
            alter table {{ this }} add column {{ name }} {{ column.data_type }};
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
