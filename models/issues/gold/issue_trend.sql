-- How much was written about each issue, day by day, and how hot it was.
-- Heat: each person with the problem counts 1 and the logarithm of the post's votes and comments,
-- as much of it as is sure that the post tells of a problem, and half as much after every
-- heat_half_life_days; of many posts of one person only that counts which counts most now. Days
-- without a post are rows too, so that heat is seen to fall.
-- A post counts for the issue in which it was found last, and for no other.
with

issues as (

    select * from {{ ref('issues') }}

),

evidence as (

    select * from {{ ref('issue_evidence') }}

),

posts as (

    select
        issues.issue_id,
        evidence.url_hash,
        evidence.source,
        evidence.person,
        evidence.engagement,
        evidence.is_problem,
        evidence.certainty,
        cast(evidence.posted_at as date) as posted_on
    from evidence
    inner join issues
        on
            evidence.cluster_date = issues.cluster_date
            and evidence.cluster_id = issues.cluster_id
    qualify
        row_number() over (partition by evidence.url_hash order by evidence.cluster_date desc) = 1

),

days as (

    select
        issue_id,
        posted_on,
        cast(sum(engagement) as bigint) as engagement,
        count(*) as items,
        count(distinct person) as people,
        count(distinct source) as sources
    from posts
    group by issue_id, posted_on

),

spans as (

    select
        issue_id,
        min(posted_on) as first_day
    from days
    group by issue_id

),

last_day as (

    select max(cluster_date) as last_day from issues

),

calendar as (

    select
        spans.issue_id,
        unnest(generate_series(spans.first_day, last_day.last_day, interval 1 day)) as midnight
    from spans
    cross join last_day

),

counted as (

    select
        calendar.issue_id,
        cast(calendar.midnight as date) as day,  -- noqa: RF04
        coalesce(days.items, 0) as items,
        coalesce(days.people, 0) as people,
        coalesce(days.sources, 0) as sources,
        coalesce(days.engagement, 0) as engagement
    from calendar
    left join days
        on calendar.issue_id = days.issue_id and calendar.midnight = days.posted_on

),

voices as (

    select
        counted.issue_id,
        counted.day,
        problems.person,
        max(
            problems.certainty
            * (1 + ln(1 + greatest(problems.engagement, 0)))
            * pow(0.5, (counted.day - problems.posted_on) / {{ var('heat_half_life_days') }})
        ) as heat
    from counted
    inner join posts as problems
        on
            counted.issue_id = problems.issue_id
            and counted.day >= problems.posted_on
            and counted.day - {{ var('heat_window_days') }} < problems.posted_on
    where problems.is_problem
    group by counted.issue_id, counted.day, problems.person

),

heated as (

    select
        issue_id,
        day,
        sum(heat) as heat
    from voices
    group by issue_id, day

),

final as (

    select
        counted.*,
        round(coalesce(heated.heat, 0), 4) as heat
    from counted
    left join heated
        on counted.issue_id = heated.issue_id and counted.day = heated.day

)

select * from final
