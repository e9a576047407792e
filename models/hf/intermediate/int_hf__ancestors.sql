-- The ancestors of models that are themselves a parent, with the fewest steps to each.

{{ config(tags=['base_models']) }}

with recursive

upper_steps as (

    select * from {{ ref('int_hf__upper_steps') }}

),

loops as (

    select * from {{ ref('int_hf__loops') }}

),

steps as (

    select upper_steps.*
    from upper_steps
    left join loops
        on
            upper_steps.model_id = loops.model_id
            and upper_steps.parent_id = loops.parent_id
    where loops.model_id is null

),

-- Without loops every way ends. Ways of equal length between the same two are one row, so that a
-- ladder of merges costs no more than its length.
ways (child_number, ancestor_number, depth) as (

    select
        child_number,
        parent_number,
        cast(1 as bigint)
    from steps
    union
    select
        ways.child_number,
        steps.parent_number,
        ways.depth + 1
    from ways
    inner join steps on ways.ancestor_number = steps.child_number

),

shortest (child_number, ancestor_number, depth) as (

    select
        child_number,
        ancestor_number,
        min(depth)
    from ways
    group by child_number, ancestor_number

),

numbered as (

    select
        model_id,
        child_number as place
    from upper_steps
    union
    select
        parent_id,
        parent_number
    from upper_steps

),

final as (

    select
        children.model_id,
        ancestors.model_id as ancestor_id,
        shortest.depth
    from shortest
    inner join numbered as children on shortest.child_number = children.place
    inner join numbered as ancestors on shortest.ancestor_number = ancestors.place

)

select * from final
