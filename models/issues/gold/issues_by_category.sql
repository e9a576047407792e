-- How many issues and posts each category had, by day; what people muted, or found to be no
-- problem, is counted apart.
with

issues as (

    select * from {{ ref('issues') }}

),

posts as (

    select
        issues.cluster_date,
        issues.category,
        count(distinct evidence.person) as people,
        count(*) as posts
    from {{ ref('issue_evidence') }} as evidence
    inner join issues
        on
            evidence.cluster_date = issues.cluster_date
            and evidence.cluster_id = issues.cluster_id
    where issues.standing = 'open'
    group by issues.cluster_date, issues.category

),

final as (

    select
        issues.cluster_date,
        issues.category,
        any_value(coalesce(posts.people, 0)) as people,
        any_value(coalesce(posts.posts, 0)) as posts,
        count(*) filter (where issues.standing = 'open') as issues,
        count(*) filter (where issues.standing = 'open' and issues.impact_level = 'high')
            as high_impact,
        count(*) filter (where issues.standing = 'open' and issues.would_pay_signal) as would_pay,
        count(*) filter (where issues.standing <> 'open') as set_aside
    from issues
    left join posts
        on issues.cluster_date = posts.cluster_date and issues.category = posts.category
    group by issues.cluster_date, issues.category

)

select * from final
