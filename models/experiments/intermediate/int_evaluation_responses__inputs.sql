-- Every evaluation task with what its prompt is made of; it is ready once its essay was written.
-- `inputs` moves with whatever its answer depends on.
with

tasks as (

    select * from {{ ref('evaluation_tasks') }}

),

combinations as (

    select * from {{ ref('content_combinations') }}

),

templates as (

    select * from {{ ref('stg_evaluation_templates') }}

),

models as (

    select * from {{ ref('llm_models') }}

),

responses as (

    select * from {{ ref('essay_responses') }}

),

links as (

    select * from {{ ref('int_links_by_task') }}

),

final as (

    select
        tasks.task_id,
        tasks.essay_task_id,
        tasks.link_task_id,
        tasks.combo_id,
        tasks.link_template_id,
        tasks.essay_template_id,
        tasks.evaluation_template_id,
        tasks.generation_model_id,
        tasks.evaluation_model_id,
        tasks.evaluation_template_id as template_id,
        tasks.evaluation_model_id as model_id,
        responses.response as essay,
        combinations.concept_ids,
        links.links,
        concat_ws(
            ' ', templates.sha256, models.model, models.temperature, combinations.content_hash,
            md5(responses.response)
        ) as inputs,
        responses.task_id is not null as is_ready
    from tasks
    inner join combinations on tasks.combo_id = combinations.combo_id
    inner join templates on tasks.evaluation_template_id = templates.template_id
    inner join models on tasks.evaluation_model_id = models.model_id
    left join responses on tasks.essay_task_id = responses.task_id
    left join links on tasks.link_task_id = links.link_task_id

)

select * from final
