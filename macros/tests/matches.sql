{# Fails on each text that does not match a regular expression from its first to its last character;
   null passes. DuckDB's, as the seeds of issues are there. #}
{% test matches(model, column_name, pattern) %}
select {{ column_name }}
from {{ model }}
where not regexp_full_match({{ column_name }}, '{{ pattern }}')
{% endtest %}
