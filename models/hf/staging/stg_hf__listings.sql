-- Who ranks where in each task, as last listed. A listing that shifted while it was read holds
-- some models twice, and may hold more than were asked for: the last observation of each counts,
-- and the listing is cut at its limit again.

with

task_listings as (

    select * from {{ source('bronze', 'hf_task_listings') }}

),

hf_models as (

    select * from {{ source('bronze', 'hf_models') }}

),

-- Ranking looks at a few narrow columns; the wide rows join in afterwards. Sorting them as they
-- are takes twice the memory.
observations as (

    select
        hf_models.task_id,
        hf_models.model_id,
        hf_models.run_id,
        hf_models.downloads,
        hf_models.seq,
        hf_models.observed_at,
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
    where recency = 1

),

-- A model that several tasks list is one model: its latest observation counts.
cut as (

    select
        *,
        row_number() over (
            partition by model_id
            order by observed_at desc, seq desc, task_id asc
        ) = 1 as is_latest
    from ranked
    where rank_in_task <= limit_per_task

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
        {{ first_tag_value('hf_models.tags', 'license:') }} as license,
        cut.rank_in_task,
        hf_models.likes,
        hf_models.downloads,
        hf_models.seq,
        cut.is_latest,
        hf_models.hub_created_at,
        hf_models.last_modified,
        hf_models.observed_at
    from hf_models
    inner join cut
        on
            hf_models.task_id = cut.task_id
            and hf_models.model_id = cut.model_id
            and hf_models.run_id = cut.run_id
            and hf_models.seq = cut.seq

)

select * from final
