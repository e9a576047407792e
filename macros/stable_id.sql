{# An id that depends on these values and nothing else: md5 of them as a JSON array, so that no two
   lists of values look the same. #}
{% macro stable_id(values) -%}
    md5(cast(to_json(list_value({{ values | join(', ') }})) as varchar))
{%- endmacro %}
