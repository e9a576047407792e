-- A model that several listings show is one model: its latest observation counts, whichever was
-- loaded last.

{{ config(materialized='ephemeral') }}

with

ranks as (

    select * from {{ ref('int_hf__ranks') }}

),

hf_models as (

    select * from {{ ref('int_hf__public_models') }}

),

observations as (

    select
        task_id,
        run_id,
        model_id,
        seq,
        min(observed_at) over (partition by model_id) as first_observed_at,
        max(case when is_present then 1 else 0 end) over (partition by model_id) as is_listed,
        row_number() over (
            partition by model_id
            order by observed_at desc, seq desc, task_id asc
        ) as recency
    from ranks

),

final as (

    select
        observations.model_id,
        hf_models.hub_id,
        hf_models.license,
        hf_models.likes,
        hf_models.downloads,
        hf_models.last_modified,
        hf_models.tags,
        hf_models.pipeline_tag,
        hf_models.library_name,
        hf_models.author,
        hf_models.gated,
        hf_models.is_private,
        hf_models.hub_created_at,
        hf_models.downloads_all_time,
        hf_models.trending_score,
        hf_models.parameters,
        hf_models.gguf,
        hf_models.sha,
        hf_models.license_name,
        hf_models.license_link,
        observations.first_observed_at,
        hf_models.observed_at,
        observations.task_id as last_seen_in,
        observations.is_listed = 1 as is_current
    from hf_models
    inner join observations
        on
            hf_models.task_id = observations.task_id
            and hf_models.run_id = observations.run_id
            and hf_models.seq = observations.seq
    where observations.recency = 1

)

select * from final
