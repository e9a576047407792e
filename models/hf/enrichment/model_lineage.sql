{{
    config(
        materialized='table',
        tags=['base_models'],
        post_hook="{{ create_index('idx_model_lineage_ancestor_id', 'ancestor_id') }}",
    )
}}

with

models as (

    select * from {{ ref('models') }}

),

parents as (

    select * from {{ ref('int_hf__parents') }}

),

loops as (

    select * from {{ ref('int_hf__loops') }}

),

ancestors as (

    select * from {{ ref('int_hf__ancestors') }}

),

steps as (

    select parents.*
    from parents
    left join loops
        on
            parents.model_id = loops.model_id
            and parents.parent_id = loops.parent_id
    where loops.model_id is null

),

listed as (

    select steps.*
    from steps
    inner join models on steps.model_id = models.model_id

),

ways (model_id, parent_id, ancestor_id, depth) as (

    select
        model_id,
        parent_id,
        parent_id as ancestor_id,
        cast(1 as bigint)
    from listed
    union all
    select
        listed.model_id,
        listed.parent_id,
        ancestors.ancestor_id,
        ancestors.depth + 1
    from listed
    inner join ancestors on listed.parent_id = ancestors.model_id

),

ordered as (

    select
        *,
        row_number() over (
            partition by model_id, ancestor_id
            order by depth, {{ code_points('parent_id') }}
        ) as way_order
    from ways

),

with_children as (

    select distinct model_id from steps

),

in_loops as (

    select distinct model_id from loops

),

marked as (

    select
        ordered.model_id,
        ordered.ancestor_id,
        ordered.parent_id,
        ordered.depth,
        with_children.model_id is null as is_root,
        in_loops.model_id is not null as is_in_loop
    from ordered
    left join with_children on ordered.ancestor_id = with_children.model_id
    left join in_loops on ordered.ancestor_id = in_loops.model_id
    where ordered.way_order = 1

),

final as (

    select
        model_id,
        ancestor_id,
        parent_id,
        first_value(ancestor_id) over (
            partition by model_id
            order by is_root desc, depth asc, {{ code_points('ancestor_id') }} asc
        ) as root_id,
        depth,
        is_root,
        is_in_loop
    from marked

)

select * from final
