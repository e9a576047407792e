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

-- A run that was killed while loading may have replaced one table and not yet the other.
rows_of_the_listing as (

    select
        hf_models.*,
        task_listings.limit_per_task
    from hf_models
    inner join task_listings
        on
            hf_models.task_id = task_listings.task_id
            and hf_models.run_id = task_listings.run_id

),

observations as (

    select
        *,
        row_number() over (partition by task_id, model_id order by seq desc) as recency
    from rows_of_the_listing

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

final as (

    select
        task_id,
        model_id,
        author,
        pipeline_tag,
        library_name,
        gated,
        run_id,
        tags,
        {{ first_tag_value('tags', 'license:') }} as license,
        rank_in_task,
        likes,
        downloads,
        seq,
        hub_created_at,
        last_modified,
        observed_at
    from ranked
    where rank_in_task <= limit_per_task

)

select * from final
