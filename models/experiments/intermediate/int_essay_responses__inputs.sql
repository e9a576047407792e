-- Every essay task with what its prompt is made of; it is ready once its links were answered.
-- `inputs` moves with whatever its answer depends on.
with

tasks as (

    select * from {{ ref('essay_generation_tasks') }}

),

combinations as (

    select * from {{ ref('content_combinations') }}

),

templates as (

    select * from {{ ref('stg_essay_templates') }}

),

models as (

    select * from {{ ref('llm_models') }}

),

responses as (

    select * from {{ ref('links_responses') }}

),

links as (

    select * from {{ ref('int_links_by_task') }}

),

final as (

    select
        tasks.task_id,
        tasks.link_task_id,
        tasks.combo_id,
        tasks.link_template_id,
        tasks.essay_template_id,
        tasks.generation_model_id,
        tasks.essay_template_id as template_id,
        tasks.generation_model_id as model_id,
        combinations.concept_ids,
        concat_ws(
            ' ', templates.sha256, models.model, models.temperature, combinations.content_hash,
            md5(responses.response)
        ) as inputs,
        responses.task_id is not null as is_ready,
        coalesce(links.links, []) as links
    from tasks
    inner join combinations on tasks.combo_id = combinations.combo_id
    inner join templates on tasks.essay_template_id = templates.template_id
    inner join models on tasks.generation_model_id = models.model_id
    left join responses on tasks.link_task_id = responses.task_id
    left join links on tasks.link_task_id = links.link_task_id

)

select * from final
