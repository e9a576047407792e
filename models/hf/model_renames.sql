-- The names that models had before, and what they are called now.

{{ config(materialized='table') }}

with

model_names as (

    select * from {{ ref('model_names') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by hub_id
            order by last_seen_at desc, first_seen_at desc, {{ code_points('model_id') }} asc
        ) as recency
    from model_names

),

names_now as (

    select
        hub_id,
        model_id
    from ordered
    where recency = 1

),

former as (

    select *
    from ordered
    where recency > 1

),

final as (

    select
        former.model_id as old_id,
        names_now.model_id,
        former.hub_id,
        former.first_seen_at,
        former.last_seen_at,
        -- Whoever frees a name may see another repository take it.
        exists(
            select 1
            from names_now as elsewhere
            where elsewhere.model_id = former.model_id and elsewhere.hub_id <> former.hub_id
        ) as is_reused
    from former
    inner join names_now on former.hub_id = names_now.hub_id

)

select * from final
