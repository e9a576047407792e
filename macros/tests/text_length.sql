{# Fails on each text longer than max_value characters; null passes. #}
{% test text_length(model, column_name, max_value) %}
select {{ column_name }}
from {{ model }}
where length({{ column_name }}) > {{ max_value }}
{% endtest %}
