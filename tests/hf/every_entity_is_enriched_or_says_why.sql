-- One row per entity that is neither enriched nor says why not, or that claims both.

with

entities as (

    {% for table, key in [
        ('datasets', 'dataset_id'),
        ('articles', 'arxiv_id'),
        ('base_models', 'base_model_id'),
        ('keywords', 'keyword_id'),
        ('licenses', 'license_id'),
    ] %}
        select
            '{{ table }}' as entity,
            {{ key }} as entity_id,
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
