select
    entity,
    outcome,
    count(*) as ids,
    round(100.0 * count(*) / sum(count(*)) over (partition by entity), 1) as share,
    min(entity_id collate "C") as example
from (
    {% for table, key, entity in entities %}
    select
        '{{ entity }}' as entity,
        {{ key }} as entity_id,
        coalesce(reason, 'enriched') as outcome
    from hf.{{ table }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
) as entities
group by entity, outcome
order by entity, ids desc, outcome collate "C"
