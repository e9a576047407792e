{# The moment this dbt invocation began, UTC: one value for every row and model of a run.
   A macro of its own, so that unit tests can put another moment in its place. #}
{% macro run_time() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f+00") }}' as timestamptz)
{%- endmacro %}
