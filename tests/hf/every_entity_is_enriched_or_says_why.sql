-- One row per entity that is neither enriched nor says why not, or that claims both.

with

entities as (

    {% for table, entity in var('hf_entities').items() %}
        select
            '{{ table }}' as entity,
            {{ entity.key }} as entity_id,
            reason,
            enriched
        from {{ ref(table) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select * from entities
    where enriched = (reason is not null)

)

select * from final
