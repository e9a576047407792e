-- The issues of the last day that was clustered, hottest first.
with

last_day as (

    select max(cluster_date) as cluster_date from {{ ref('issues') }}

),

issues as (

    select issues.*
    from {{ ref('issues') }} as issues
    inner join last_day on issues.cluster_date = last_day.cluster_date

),

trend as (

    select * from {{ ref('issue_trend') }}

),

sources as (

    select
        cluster_date,
        cluster_id,
        count(*) as posts,
        count(distinct source) as sources,
        min(posted_at) as first_posted_at,
        max(posted_at) as last_posted_at
    from {{ ref('issue_evidence') }}
    group by cluster_date, cluster_id

),

final as (

    select
        issues.issue_id,
        issues.cluster_date,
        issues.cluster_id,
        issues.canonical_title,
        issues.category,
        issues.description,
        issues.impact_level,
        issues.labeled_by,
        issues.cluster_size,
        sources.posts,
        sources.sources,
        issues.confidence,
        now_hot.heat,
        issues.would_pay_signal,
        sources.first_posted_at,
        sources.last_posted_at,
        row_number() over (order by now_hot.heat desc, issues.issue_id asc) as heat_rank,
        round(now_hot.heat - coalesce(then_hot.heat, 0), 4) as heat_change
    from issues
    inner join sources
        on
            issues.cluster_date = sources.cluster_date
            and issues.cluster_id = sources.cluster_id
    inner join trend as now_hot
        on issues.issue_id = now_hot.issue_id and issues.cluster_date = now_hot.day
    left join trend as then_hot
        on issues.issue_id = then_hot.issue_id and issues.cluster_date - 3 = then_hot.day

)

select * from final
