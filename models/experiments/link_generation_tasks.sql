-- What to ask for links: each combination by each template and each model that writes.
with

combinations as (

    select * from {{ ref('content_combinations') }}

),

templates as (

    select * from {{ ref('stg_link_templates') }}

),

models as (

    select * from {{ ref('llm_models') }}
    where active and purpose = 'generation'

),

final as (

    select
        {{ generate_surrogate_key([
            'combinations.combo_id', 'templates.template_id', 'models.model_id',
        ]) }}
            as task_id,
        combinations.combo_id,
        templates.template_id as link_template_id,
        models.model_id as generation_model_id
    from combinations
    cross join templates
    cross join models

)

select * from final
