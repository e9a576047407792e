{# Schemas are named as docs/design.md names them: hf, silver, gold, not <target schema>_hf as
   dbt would by itself. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {# seeds and models outside the named areas #}
        {{ target.schema }}
    {%- else -%}
        {# two environments in one Postgres #}
        {%- if target.type == 'postgres' -%}{{ env_var('POSTGRES_SCHEMA_PREFIX', '') }}{%- endif -%}
        {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
