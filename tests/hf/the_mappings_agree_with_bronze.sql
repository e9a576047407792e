-- One row per mapping with other than as many rows as bronze has pairs of known models. The
-- leftover of the card template is no pair.

with

models as (

    select * from {{ ref('models') }}

),

expected as (

    {% for entity in var('hf_entities') %}
        select
            'model_{{ entity }}' as table_name,
            count(*) as pairs
        from {{ ref('stg_hf__' ~ entity[:-1] ~ '_pairs') }} as pairs
        inner join models on pairs.model_id = models.model_id
        {{ 'where not pairs.is_template_leftover' if entity == 'articles' }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

found as (

    {% for entity in var('hf_entities') %}
        select
            'model_{{ entity }}' as table_name,
            count(*) as pairs
        from {{ ref('model_' ~ entity) }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        expected.table_name,
        expected.pairs as expected_pairs,
        found.pairs as found_pairs
    from expected
    inner join found on expected.table_name = found.table_name
    -- Bronze without its tables (a new pipeline, an old warehouse) leaves the mappings as they are.
    where expected.pairs <> found.pairs and expected.pairs > 0

)

select * from final
