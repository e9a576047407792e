-- Which data sets the most downloaded models of a task have in common.
--
--     dbt show --select datasets_shared_by_top_models --vars '{task_id: fill-mask}'

with

model_tasks as (

    select * from {{ ref('model_tasks') }}

),

model_datasets as (

    select * from {{ ref('model_datasets') }}

),

datasets as (

    select
        *,
        -- Two spellings of one data set are one.
        coalesce(resolved_id, dataset_id) as known_as
    from {{ ref('datasets') }}

),

top_models as (

    select
        model_id,
        rank_in_task
    from model_tasks
    where
        task_id = '{{ var("task_id", "text-generation") }}'
        and rank_in_task <= {{ var("top_models", 100) }}

),

final as (

    select
        datasets.known_as as dataset_id,
        count(distinct top_models.model_id) as models,
        min(top_models.rank_in_task) as best_rank,
        max(datasets.downloads) as downloads,
        max(datasets.license) as license
    from top_models
    inner join model_datasets on top_models.model_id = model_datasets.model_id
    inner join datasets on model_datasets.dataset_id = datasets.dataset_id
    group by datasets.known_as
    having count(distinct top_models.model_id) > 1
    order by models desc, best_rank asc, dataset_id asc

)

select * from final
