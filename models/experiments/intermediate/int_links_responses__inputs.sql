-- Every link task with what its prompt is made of. `inputs` moves with whatever its answer depends
-- on.
with

tasks as (

    select * from {{ ref('link_generation_tasks') }}

),

combinations as (

    select * from {{ ref('content_combinations') }}

),

templates as (

    select * from {{ ref('stg_link_templates') }}

),

models as (

    select * from {{ ref('llm_models') }}

),

final as (

    select
        tasks.task_id,
        tasks.combo_id,
        tasks.link_template_id,
        tasks.generation_model_id,
        tasks.link_template_id as template_id,
        tasks.generation_model_id as model_id,
        true as is_ready,
        combinations.concept_ids,
        concat_ws(
            ' ', templates.sha256, models.model, models.temperature, combinations.content_hash
        ) as inputs
    from tasks
    inner join combinations on tasks.combo_id = combinations.combo_id
    inner join templates on tasks.link_template_id = templates.template_id
    inner join models on tasks.generation_model_id = models.model_id

)

select * from final
