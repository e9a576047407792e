{# Contracts name primary and foreign keys for both databases; DuckDB gets only the not-null and
   check constraints. A key there makes an update of 300,000 rows 20 times slower, and a foreign
   key breaks updates of the table it points at (docs/decisions/constraints-by-database.md).
   A lake has not-null constraints alone. The keys are held by unique and relationships tests instead. Postgres gets them all. #}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- set kept = [] -%}
    {%- set enforced = ('not_null',) if is_lake() else ('not_null', 'check') -%}
    {%- for constraint in model['constraints'] if constraint.type in enforced -%}
        {%- do kept.append(constraint) -%}
    {%- endfor -%}
    (
    {%- for column in adapter.render_raw_columns_constraints(raw_columns=model['columns']) %}
        {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- for constraint in adapter.render_raw_model_constraints(raw_constraints=kept) %}
        , {{ constraint }}
    {%- endfor %}
    )
{%- endmacro %}
