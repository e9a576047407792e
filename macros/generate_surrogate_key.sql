{# An id that depends on these values and nothing else: md5 of them as a JSON array, so that no two
   lists of values look the same. #}
{% macro generate_surrogate_key(field_list) -%}
    md5(cast(to_json(list_value({{ field_list | join(', ') }})) as varchar))
{%- endmacro %}
