{# True when any of the columns differs between two relations of one row each; nulls are values. #}
{% macro changed(new, old, columns) -%}
    (
    {%- for column in columns %}
        {{ 'or ' if not loop.first }}{{ new }}.{{ column }} is distinct from {{ old }}.{{ column }}
    {%- endfor %}
    )
{%- endmacro %}
