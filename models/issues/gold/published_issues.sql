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

-- Where the issue lies on the map: in the middle of its posts. The map is of the newest day.
places as (

    select
        cluster_date,
        cluster_id,
        [
            round(median(cast(x as double)), 4), round(median(cast(y as double)), 4)
        ] as place
    from {{ ref('issue_map') }}
    where not is_outlier
    group by cluster_date, cluster_id

),

-- Splits and merges, told from both sides.
changes as (

    select
        to_issue_id as issue_id,
        from_issue_id as other_id,
        if(kind = 'split', 'split_from', 'merged_from') as kind,
        happened_on
    from {{ ref('issue_lineage') }}

    union all

    select
        from_issue_id as issue_id,
        to_issue_id as other_id,
        if(kind = 'split', 'split_into', 'merged_into') as kind,
        happened_on
    from {{ ref('issue_lineage') }}

),

-- Under the title that the other issue had then, so that a later one changes no older record.
titled as (

    select
        changes.issue_id,
        changes.other_id,
        changes.kind,
        changes.happened_on,
        max_by(their_issues.canonical_title, their_issues.cluster_date) as title
    from changes
    inner join issues as their_issues
        on
            changes.other_id = their_issues.issue_id
            and changes.happened_on >= their_issues.cluster_date
    group by changes.issue_id, changes.other_id, changes.kind, changes.happened_on

),

-- The last ten that had happened by the day.
lineages as (

    select
        issues.cluster_date,
        issues.cluster_id,
        list(
            {
                'day': titled.happened_on,
                'kind': titled.kind,
                'issue_id': titled.other_id,
                'title': titled.title
            } order by titled.happened_on desc, titled.kind asc, titled.other_id asc
        )[1:10] as lineage
    from issues
    inner join titled
        on issues.issue_id = titled.issue_id and issues.cluster_date >= titled.happened_on
    group by issues.cluster_date, issues.cluster_id

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
        coalesce(places.place, []) as place,
        coalesce(lineages.lineage, []) as lineage,
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
    left join places
        on
            issues.cluster_date = places.cluster_date
            and issues.cluster_id = places.cluster_id
    left join lineages
        on
            issues.cluster_date = lineages.cluster_date
            and issues.cluster_id = lineages.cluster_id

)

select * from final
