-- The steps that lead back to where they came from: a model that names itself as its base model,
-- or two that name each other. They say nothing about descent, and lineage does not walk them.

{{ config(tags=['base_models']) }}

with recursive

upper_steps as (

    select * from {{ ref('int_hf__upper_steps') }}

),

-- A circle never leaves the models that have a parent.
inner_steps as (

    select upper_steps.*
    from upper_steps
    where exists (
        select 1
        from upper_steps as further
        where further.child_number = upper_steps.parent_number
    )

),

-- `union` keeps each pair once, so the recursion ends whatever circles there are.
reachable (child_number, ancestor_number) as (

    select
        child_number,
        parent_number
    from inner_steps
    union
    select
        reachable.child_number,
        inner_steps.parent_number
    from reachable
    inner join inner_steps on reachable.ancestor_number = inner_steps.child_number

),

final as (

    select
        inner_steps.model_id,
        inner_steps.parent_id
    from inner_steps
    inner join reachable
        on
            inner_steps.parent_number = reachable.child_number
            and inner_steps.child_number = reachable.ancestor_number

)

select * from final
