-- What the live page holds of each issue and day: the issue, its evidence counted, its heat and
-- rank among the issues of that day, and its trend up to it. What people muted, or found to be no
-- problem, is not among them. A view: only the sync reads all of it.
with

issues as (

    select * from {{ ref('issues') }}
    where standing = 'open'

),

last_day as (

    select max(cluster_date) as last_day from {{ ref('issues') }}

),

evidence as (

    select
        cluster_date,
        cluster_id,
        count(*) as posts,
        list_sort(list(distinct source)) as sources,
        min(posted_at) as first_posted_at,
        max(posted_at) as last_posted_at
    from {{ ref('issue_evidence') }}
    group by cluster_date, cluster_id

),

topics as (

    select * from {{ ref('issue_topics') }}

),

trends as (

    select
        issues.cluster_date,
        issues.cluster_id,
        max(trend.heat) filter (where trend.day = issues.cluster_date) as heat,
        list(
            {
                'day': trend.day,
                'items': trend.items,
                'people': trend.people,
                'heat': trend.heat
            } order by trend.day
        ) as trend
    from issues
    inner join {{ ref('issue_trend') }} as trend
        on issues.issue_id = trend.issue_id and issues.cluster_date >= trend.day
    group by issues.cluster_date, issues.cluster_id

),

-- Of many models the five that most people speak of.
models as (

    select
        cluster_date,
        cluster_id,
        list(
            { 'name': entity_id, 'kind': entity_kind, 'posts': posts }
            order by people desc, posts desc, entity_kind asc, entity_id asc
        )[1:5] as models
    from {{ ref('issue_models') }}
    group by cluster_date, cluster_id

),

final as (

    select
        issues.cluster_date,
        issues.cluster_id,
        issues.issue_id,
        issues.canonical_title,
        issues.category,
        issues.category_confidence,
        issues.description,
        issues.would_pay_signal,
        issues.would_pay_because,
        issues.impact_level,
        issues.impact_score,
        issues.cluster_size,
        issues.people,
        issues.posts_open,
        issues.posts_answered,
        issues.posts_fixed,
        issues.posts_declined,
        issues.posts_locked,
        issues.confidence,
        issues.labeled_by,
        issues.quotes,
        issues.because,
        issues.fixed_in,
        issues.corrections,
        trends.heat,
        evidence.first_posted_at,
        evidence.last_posted_at,
        row_number() over (
            partition by issues.cluster_date
            order by trends.heat desc nulls last, issues.issue_id asc, issues.cluster_id asc
        ) as heat_rank,
        coalesce(topics.topic, '') as topic,
        coalesce(evidence.sources, []) as sources,
        coalesce(evidence.posts, 0) as posts,
        coalesce(trends.trend, []) as trend,
        coalesce(models.models, []) as models,
        issues.cluster_date = last_day.last_day as is_latest
    from issues
    cross join last_day
    left join evidence
        on
            issues.cluster_date = evidence.cluster_date
            and issues.cluster_id = evidence.cluster_id
    left join topics
        on
            issues.cluster_date = topics.cluster_date
            and issues.cluster_id = topics.cluster_id
    left join trends
        on
            issues.cluster_date = trends.cluster_date
            and issues.cluster_id = trends.cluster_id
    left join models
        on
            issues.cluster_date = models.cluster_date
            and issues.cluster_id = models.cluster_id

)

select * from final
