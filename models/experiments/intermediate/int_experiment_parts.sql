-- What tasks name by id and prompts are made of: concepts, templates and models, which are few.
-- Kept apart from the tasks, which are many: each would carry the same texts again.
with

concepts as (

    select
        'concept' as kind,
        concept_id as part_id,
        title,
        content
    from {{ ref('stg_concepts') }}

),

templates as (

    {% for kind in ('link', 'essay', 'evaluation') %}
        select
            '{{ kind }}_template' as kind,
            template_id as part_id,
            path,
            content
        from {{ ref('stg_' ~ kind ~ '_templates') }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

models as (

    select
        'model' as kind,
        model_id as part_id,
        model,
        temperature,
        max_tokens,
        input_usd_per_mtok,
        output_usd_per_mtok
    from {{ ref('llm_models') }}

),

final as (

    select * from concepts
    union all by name
    select * from templates
    union all by name
    select * from models

)

select * from final
