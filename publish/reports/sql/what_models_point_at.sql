{% for table, key, entity in entities %}
select
    '{{ entity }}' as entity,
    count(*) as pairs,
    count(distinct model_id) as models,
    round(
        100.0 * count(distinct model_id) / nullif((select count(*) from hf.models), 0), 1
    ) as share,
    count(distinct {{ key }}) as ids
from hf.model_{{ table }}
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
order by entity
