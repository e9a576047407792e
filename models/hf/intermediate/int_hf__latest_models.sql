-- A model that several tasks list is one model: its latest observation counts.

{{ config(materialized='ephemeral') }}

with

listings as (

    select * from {{ ref('int_hf__latest_listings') }}

),

observations as (

    select
        task_id,
        seq,
        row_number() over (
            partition by model_id
            order by observed_at desc, seq desc, task_id asc
        ) as recency
    from listings

),

final as (

    select
        listings.model_id,
        listings.license,
        listings.likes,
        listings.downloads,
        listings.last_modified,
        listings.tags,
        listings.pipeline_tag,
        listings.library_name,
        listings.author,
        listings.gated,
        listings.hub_created_at,
        listings.observed_at
    from listings
    inner join observations
        on
            listings.task_id = observations.task_id
            and listings.seq = observations.seq
    where observations.recency = 1

)

select * from final
