-- Issues that are hotter than three days ago, steepest first.
with

hotter as (

    select * from {{ ref('top_issues') }}
    where heat_change > 0

),

final as (

    select
        issue_id,
        cluster_date,
        canonical_title,
        category,
        impact_level,
        people,
        posts,
        heat,
        heat_change,
        row_number() over (order by heat_change desc, issue_id asc) as rise_rank
    from hotter

)

select * from final
