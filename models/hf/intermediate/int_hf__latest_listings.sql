-- The ranked models of each task's last listing, with all that the Hub said of them.

with

task_listings as (

    select * from {{ ref('stg_hf__task_listings') }}

),

hf_models as (

    select * from {{ ref('stg_hf__models') }}

),

ranks as (

    select * from {{ ref('int_hf__ranks') }}

),

final as (

    select
        hf_models.task_id,
        hf_models.model_id,
        hf_models.author,
        hf_models.pipeline_tag,
        hf_models.library_name,
        hf_models.gated,
        hf_models.run_id,
        hf_models.tags,
        hf_models.license,
        ranks.rank_in_task,
        hf_models.likes,
        hf_models.downloads,
        hf_models.seq,
        hf_models.hub_created_at,
        hf_models.last_modified,
        hf_models.observed_at
    from hf_models
    inner join task_listings
        on
            hf_models.task_id = task_listings.task_id
            and hf_models.run_id = task_listings.run_id
    inner join ranks
        on
            hf_models.task_id = ranks.task_id
            and hf_models.seq = ranks.seq

)

select * from final
