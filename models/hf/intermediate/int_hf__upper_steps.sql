-- The steps from models that are themselves a parent. Only over these can a way go further up, or
-- round in a circle. They are few, and numbered: a recursion keeps all it has found in memory.

{{ config(tags=['base_models']) }}

with

parents as (

    select * from {{ ref('int_hf__parents') }}

),

numbered as (

    select
        parent_id as model_id,
        row_number() over (order by {{ code_points('parent_id') }}) as place
    from parents
    group by parent_id

),

final as (

    select
        parents.model_id,
        parents.parent_id,
        children.place as child_number,
        elders.place as parent_number
    from parents
    inner join numbered as children on parents.model_id = children.model_id
    inner join numbered as elders on parents.parent_id = elders.model_id

)

select * from final
