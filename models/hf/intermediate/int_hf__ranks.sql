-- Who ranks where in each task, as last listed. A listing that shifted while it was read holds
-- some models twice, and may hold more than were asked for: the last observation of each counts,
-- and the listing is cut at its limit again.
--
-- A table of narrow rows on purpose: ranking whole records takes several times the memory.

with

task_listings as (

    select * from {{ ref('stg_hf__task_listings') }}

),

hf_models as (

    select * from {{ ref('stg_hf__models') }}

),

observations as (

    select
        hf_models.task_id,
        hf_models.model_id,
        hf_models.downloads,
        hf_models.seq,
        hf_models.is_listed,
        task_listings.limit_per_task,
        row_number() over (
            partition by hf_models.task_id, hf_models.model_id
            order by hf_models.seq desc
        ) as recency
    from hf_models
    -- A run that was killed while loading may have replaced one table and not yet the other.
    inner join task_listings
        on
            hf_models.task_id = task_listings.task_id
            and hf_models.run_id = task_listings.run_id

),

ranked as (

    select
        *,
        row_number() over (
            partition by task_id
            order by downloads desc nulls last, {{ code_points('model_id') }}
        ) as rank_in_task
    from observations
    where recency = 1 and is_listed

),

final as (

    select
        task_id,
        model_id,
        seq,
        rank_in_task
    from ranked
    where rank_in_task <= limit_per_task

)

select * from final
