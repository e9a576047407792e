{# Fails on each combination of the columns that several rows share, and on each in which one of them
   is null: the columns are to be a key. #}
{% test unique_combination_of_columns(model, combination_of_columns) %}
select
    {{ combination_of_columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having count(*) > 1 or not ({{ combination_of_columns | join(' is not null and ') }} is not null)
{% endtest %}
