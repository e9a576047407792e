-- How much was written about each issue, day by day, and how hot it was.
-- Heat: each post counts 1 and the logarithm of its votes and comments, and half as much after
-- every heat_half_life_days; days without a post are rows too, so that heat is seen to fall.
with

issues as (

    select * from {{ ref('issues') }}

),

evidence as (

    select * from {{ ref('issue_evidence') }}

),

posts as (

    select distinct
        issues.issue_id,
        evidence.url_hash,
        evidence.source,
        evidence.engagement,
        cast(evidence.posted_at as date) as day
    from evidence
    inner join issues
        on
            evidence.cluster_date = issues.cluster_date
            and evidence.cluster_id = issues.cluster_id

),

days as (

    select
        issue_id,
        day,
        count(*) as items,
        count(distinct source) as sources,
        cast(sum(engagement) as bigint) as engagement,
        sum(1 + ln(1 + greatest(engagement, 0))) as weight
    from posts
    group by issue_id, day

),

spans as (

    select
        issue_id,
        min(day) as first_day
    from days
    group by issue_id

),

calendar as (

    select
        spans.issue_id,
        cast(calendar_day as date) as day
    from spans
    cross join
        unnest(generate_series(
            spans.first_day, (select max(cluster_date) from issues), interval 1 day
        )) as span (calendar_day)

),

heated as (

    select
        calendar.issue_id,
        calendar.day,
        sum(days.weight * pow(0.5, (calendar.day - days.day) / {{ var('heat_half_life_days') }})) as heat
    from calendar
    inner join days
        on
            calendar.issue_id = days.issue_id
            and days.day between calendar.day - {{ var('heat_window_days') }} and calendar.day
    group by calendar.issue_id, calendar.day

),

final as (

    select
        calendar.issue_id,
        calendar.day,
        coalesce(days.items, 0) as items,
        coalesce(days.sources, 0) as sources,
        coalesce(days.engagement, 0) as engagement,
        round(coalesce(heated.heat, 0), 4) as heat
    from calendar
    left join days on calendar.issue_id = days.issue_id and calendar.day = days.day
    left join heated on calendar.issue_id = heated.issue_id and calendar.day = heated.day

)

select * from final
