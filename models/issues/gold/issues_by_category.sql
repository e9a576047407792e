-- How many issues and posts each category had, by day.
with

issues as (

    select * from {{ ref('issues') }}

),

evidence as (

    select
        cluster_date,
        cluster_id,
        count(*) as posts
    from {{ ref('issue_evidence') }}
    group by cluster_date, cluster_id

),

final as (

    select
        issues.cluster_date,
        issues.category,
        cast(coalesce(sum(evidence.posts), 0) as bigint) as posts,
        count(*) as issues,
        count(*) filter (where issues.impact_level = 'high') as high_impact,
        count(*) filter (where issues.would_pay_signal) as would_pay
    from issues
    left join evidence
        on
            issues.cluster_date = evidence.cluster_date
            and issues.cluster_id = evidence.cluster_id
    group by issues.cluster_date, issues.category

)

select * from final
