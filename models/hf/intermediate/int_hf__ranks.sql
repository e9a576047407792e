-- Who ranks where in each listing that bronze has, under the name that each model has today. A
-- listing that shifted while it was read holds some models twice, and may hold more than were asked
-- for: the last observation of each counts, and the listing is cut at its limit again.
--
-- A table of narrow rows on purpose: ranking whole records takes several times the memory.

with

task_listings as (

    select * from {{ ref('int_hf__listings') }}

),

hf_models as (

    select * from {{ ref('int_hf__public_models') }}

),

model_renames as (

    select * from {{ ref('model_renames') }}

),

-- Rows of before the Hub's id was kept go by their name.
renamed_by_name as (

    select
        old_id,
        model_id,
        row_number() over (partition by old_id order by last_seen_at desc, hub_id asc) as recency
    from model_renames
    where not is_reused

),

named as (

    select
        hf_models.task_id,
        hf_models.run_id,
        hf_models.hub_id,
        hf_models.model_id as name_then,
        hf_models.likes,
        hf_models.downloads,
        hf_models.seq,
        hf_models.is_listed,
        task_listings.limit_per_task,
        task_listings.kind,
        task_listings.is_present,
        task_listings.observed_at,
        coalesce(model_renames.model_id, renamed_by_name.model_id, hf_models.model_id) as model_id
    from hf_models
    -- A run that was killed while loading may have replaced one table and not yet the other.
    inner join task_listings
        on
            hf_models.task_id = task_listings.task_id
            and hf_models.run_id = task_listings.run_id
    left join model_renames
        on
            hf_models.model_id = model_renames.old_id
            and hf_models.hub_id = model_renames.hub_id
    left join renamed_by_name
        on
            hf_models.model_id = renamed_by_name.old_id
            and hf_models.hub_id is null
            and renamed_by_name.recency = 1
    where task_listings.is_accepted

),

observations as (

    select
        *,
        row_number() over (partition by task_id, run_id, model_id order by seq desc) as recency
    from named

),

ranked as (

    select
        *,
        row_number() over (
            partition by task_id, run_id
            order by downloads desc nulls last, {{ code_points('name_then') }} asc
        ) as rank_in_task
    from observations
    where recency = 1 and is_listed

),

final as (

    select
        task_id,
        run_id,
        model_id,
        hub_id,
        likes,
        downloads,
        seq,
        rank_in_task,
        is_present,
        observed_at,
        kind
    from ranked
    where rank_in_task <= limit_per_task

)

select * from final
