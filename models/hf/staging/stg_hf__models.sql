-- A model that several tasks list is one model: its latest observation counts.

{{ config(materialized='ephemeral') }}

with

listings as (

    select * from {{ ref('stg_hf__listings') }}

),

observations as (

    select
        *,
        row_number() over (
            partition by model_id
            order by observed_at desc, seq desc
        ) as recency
    from listings

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
    from observations
    where recency = 1

)

select * from final
