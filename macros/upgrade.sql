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

{# A bronze table with columns that came with a newer version of the project: null while nothing was
   loaded since. columns: type by name. #}
{% macro with_later_columns(relation, columns) -%}
    {%- set missing = {} -%}
    {%- if execute and not relation.is_cte and load_relation(relation) is not none -%}
        {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
        {%- for name, type in columns.items() if name not in there -%}
            {%- do missing.update({name: type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if missing -%}
    (
        select
            *
            {%- for name, type in missing.items() %},
            cast(null as {{ type }}) as {{ name }}
            {%- endfor %}
        from {{ relation }}
    )
    {%- else -%}
    {{ relation }}
    {%- endif -%}
{%- endmacro %}
