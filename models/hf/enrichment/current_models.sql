-- The present: what listings of the Hub show now, one wide row each.

{{ config(materialized='view') }}

with

model_profile as (

    select * from {{ ref('model_profile') }}

),

final as (

    select
        model_id,
        author,
        pipeline_tag,
        library_name,
        license,
        license_family,
        license_terms,
        root_id,
        likes,
        downloads,
        best_rank,
        steps_to_root,
        task_count,
        dataset_count,
        article_count,
        keyword_count,
        parent_count,
        child_count,
        descendant_count,
        is_osi_approved,
        last_modified,
        last_synced_at,
        identified_at,
        is_current,
        is_private
    from model_profile
    where is_current

)

select * from final
