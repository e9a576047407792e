-- A model that several tasks list is one model: its latest observation counts.

{{ config(materialized='ephemeral') }}

with

listings as (

    select * from {{ ref('stg_hf__listings') }}

),

final as (

    select
        model_id,
        license,
        likes,
        downloads,
        last_modified,
        tags,
        pipeline_tag,
        library_name,
        author,
        gated,
        hub_created_at,
        observed_at
    from listings
    where is_latest

)

select * from final
