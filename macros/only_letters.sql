{# A name without case, spaces and marks, for comparing what people and models write. #}
{% macro only_letters(text) -%}
    regexp_replace(lower({{ text }}), '[^\p{L}\p{N}]', '', 'g')
{%- endmacro %}
