{% for table, key, entity in entities %}
select
    '{{ entity }}: neither enriched nor with a reason, or both' as what,
    count(*) as found,
    min({{ key }} collate "C") as example
from hf.{{ table }}
where enriched = (reason is not null)
{% if not loop.last %}
union all
{% endif %}
{% endfor %}
order by what
