{% for table, key, entity in entities %}
select
    '{{ entity }}' as entity,
    count(*) as ids,
    count(case when enriched then 1 end) as enriched,
    count(case when not enriched and reason is not null then 1 end) as with_reason,
    round(
        100.0 * count(case when enriched or reason is not null then 1 end)
        / nullif(count(*), 0), 1
    ) as accounted_for
from hf.{{ table }}
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
order by entity
