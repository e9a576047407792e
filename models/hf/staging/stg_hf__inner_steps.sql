-- The steps between models that have a parent and are one. Only there can a way up go on, or round
-- in a circle; they are few, and numbered, since a recursion keeps all it has found in memory.

{{ config(tags=['base_models']) }}

with

parents as (

    select * from {{ ref('stg_hf__parents') }}

),

inner_models as (

    select model_id from parents
    intersect
    select parent_id from parents

),

numbered as (

    select
        model_id,
        row_number() over (order by {{ code_points('model_id') }}) as place
    from inner_models

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
