-- When it was last looked at what each model refers to. Who has no row was not looked at, and what
-- it refers to is unknown.

{% set entities = var('hf_entities') %}

with

looked_at as (

    {% for entity in entities %}
        select
            model_id,
            '{{ entity }}' as entity,
            observed_at
        from {{ ref('stg_hf__' ~ entity[:-1] ~ '_pairs') }}
        union all
    {% endfor %}
    select
        model_id,
        entity,
        observed_at
    from {{ ref('stg_hf__without_references') }}

),

final as (

    select
        model_id,
        {% for entity in entities %}
            max(case when entity = '{{ entity }}' then observed_at end) as {{ entity }}_at,
        {% endfor %}
        max(observed_at) as identified_at
    from looked_at
    group by model_id

)

select * from final
