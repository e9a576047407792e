{# Fails on each combination of the columns that several rows share, and on each in which one of them
   is null: the columns are to be a key. #}
{% test unique_together(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 or not ({{ columns | join(' is not null and ') }} is not null)
{% endtest %}
