-- What the Hub said of each model, without what turned private or was gone for good afterwards.

{{ config(materialized='ephemeral') }}

with

hf_models as (

    select * from {{ ref('stg_hf__models') }}

),

withdrawn as (

    select * from {{ ref('stg_hf__withdrawn') }}

),

final as (

    select
        task_id,
        model_id,
        hub_id,
        author,
        pipeline_tag,
        library_name,
        gated,
        run_id,
        tags,
        license,
        likes,
        downloads,
        seq,
        is_listed,
        is_private,
        reason,
        hub_created_at,
        last_modified,
        downloads_all_time,
        trending_score,
        parameters,
        gguf,
        sha,
        license_name,
        license_link,
        observed_at
    from hf_models
    where
        not exists (
            select 1
            from withdrawn
            where
                withdrawn.hub_id = hf_models.hub_id
                and withdrawn.observed_at >= hf_models.observed_at
        )
        and not exists (
            select 1
            from withdrawn
            where
                withdrawn.digest = md5(hf_models.model_id)
                and withdrawn.observed_at >= hf_models.observed_at
                and (withdrawn.hub_id is null or hf_models.hub_id is null)
        )

)

select * from final
