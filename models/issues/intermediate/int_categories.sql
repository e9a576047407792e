-- The categories that an issue can have: those of the seed, and always `other`, which is the last.
with

named as (

    select * from {{ ref('our_categories') }}

),

every as (

    select * from named
    union all by name
    select
        'other' as category,
        'Other' as name,  -- noqa: RF04
        false as is_craft,
        '#767676' as color
    where 'other' not in (select category from named)

),

final as (

    select
        category,
        name,
        is_craft,
        color,
        cast(
            row_number() over (order by category = 'other', place nulls last, category) as integer
        ) as place
    from every

)

select * from final
