-- The links that each answer about links gave, in their order.
with

links as (

    select * from {{ ref('links') }}

),

final as (

    select
        link_task_id,
        list(
            { 'text': description, 'first': first_concept_id, 'second': second_concept_id }
            order by link_position
        ) as links
    from links
    group by link_task_id

)

select * from final
