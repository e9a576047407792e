-- One row per model whose lineage has no root or names several, has a gap, or leads to itself.

with

model_lineage as (

    select * from {{ ref('model_lineage') }}

),

final as (

    select
        model_id,
        count(distinct root_id) as root_ids,
        count(case when ancestor_id = root_id and is_root then 1 end) as roots,
        count(distinct depth) as depths,
        max(depth) as last_depth,
        count(case when ancestor_id = model_id then 1 end) as itself
    from model_lineage
    group by model_id
    having
        count(distinct root_id) <> 1
        or count(case when ancestor_id = root_id and is_root then 1 end) <> 1
        or count(distinct depth) <> max(depth)
        or count(case when ancestor_id = model_id then 1 end) <> 0

)

select * from final
