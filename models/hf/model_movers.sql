-- What rose and fell in each task's listing: its last day beside one day, one week and one month
-- before. The Hub gives today's counters only, so this reaches as far back as our own history.
with

ranks as (

    select
        task_id,
        observed_on,
        model_id,
        rank_in_task
    from {{ ref('model_rank_daily') }}

),

tasks as (

    select task_id from {{ ref('tasks') }}
    where is_current

),

days as (

    select
        ranks.task_id,
        ranks.observed_on,
        min(ranks.observed_on) over (partition by ranks.task_id) as history_since,
        max(ranks.observed_on) over (partition by ranks.task_id) as last_on
    from ranks
    inner join tasks on ranks.task_id = tasks.task_id
    group by ranks.task_id, ranks.observed_on

),

spans as (

    select 1 as span_days
    union all
    select 7 as span_days
    union all
    select 30 as span_days

),

-- Where the very day is missing the nearest one before it stands in, up to twice as long ago.
pairs_of_days as (

    select
        days.task_id,
        spans.span_days,
        days.history_since,
        days.last_on,
        max(days.observed_on) as compared_with
    from days
    cross join spans
    where
        days.observed_on <= days.last_on - spans.span_days
        and days.observed_on >= days.last_on - 2 * spans.span_days
    group by days.task_id, spans.span_days, days.history_since, days.last_on

),

-- Of all history only the days that are compared.
stats as (

    select
        model_id,
        observed_on,
        downloads,
        likes
    from {{ ref('model_stats_daily') }}
    where
        observed_on in (
            select pairs_of_days.last_on from pairs_of_days
            union
            select pairs_of_days.compared_with from pairs_of_days
        )

),

-- Whoever is listed on either day, with both places.
listed as (

    select
        pairs_of_days.task_id,
        pairs_of_days.span_days,
        pairs_of_days.history_since,
        pairs_of_days.last_on,
        pairs_of_days.compared_with,
        ranks.model_id,
        max(case when ranks.observed_on = pairs_of_days.last_on then ranks.rank_in_task end)
            as rank_in_task,
        max(case when ranks.observed_on = pairs_of_days.compared_with then ranks.rank_in_task end)
            as rank_before
    from pairs_of_days
    inner join ranks
        on
            pairs_of_days.task_id = ranks.task_id
            and ranks.observed_on in (pairs_of_days.last_on, pairs_of_days.compared_with)
    group by
        pairs_of_days.task_id,
        pairs_of_days.span_days,
        pairs_of_days.history_since,
        pairs_of_days.last_on,
        pairs_of_days.compared_with,
        ranks.model_id

),

counted as (

    select
        listed.*,
        now_stats.downloads,
        now_stats.likes,
        before_stats.downloads as downloads_before,
        before_stats.likes as likes_before,
        case
            when listed.rank_in_task is null then 'left'
            when listed.rank_before is null then 'new'
            else 'stayed'
        end as listing
    from listed
    left join stats as now_stats
        on listed.model_id = now_stats.model_id and listed.last_on = now_stats.observed_on
    left join stats as before_stats
        on
            listed.model_id = before_stats.model_id
            and listed.compared_with = before_stats.observed_on

),

-- What a usual model of the task had: added to both counts, it keeps a rise from 2 to 20 downloads
-- from winning over one from 20,000 to 30,000.
usual as (

    select
        task_id,
        span_days,
        greatest(1, percentile_cont(0.5) within group (order by downloads_before)) as downloads
    from counted
    where listing = 'stayed'
    group by task_id, span_days

),

grown as (

    select
        counted.*,
        case
            when counted.listing = 'stayed'
                then
                    ln(
                        (counted.downloads + usual.downloads)
                        / (counted.downloads_before + usual.downloads)
                    )
        end as growth
    from counted
    left join usual
        on counted.task_id = usual.task_id and counted.span_days = usual.span_days

),

final as (

    select
        task_id,
        span_days,
        model_id,
        listing,
        rank_in_task,
        rank_before,
        rank_before - rank_in_task as places_gained,
        downloads,
        downloads_before,
        downloads - downloads_before as downloads_gained,
        likes,
        likes_before,
        likes - likes_before as likes_gained,
        cast(growth as double precision) as growth,
        case
            when growth is not null
                then
                    row_number() over (
                        partition by task_id, span_days
                        order by
                            growth desc nulls last,
                            rank_in_task asc,
                            {{ code_points('model_id') }} asc
                    )
        end as growth_rank,
        last_on as observed_on,
        compared_with,
        history_since
    from grown

)

select * from final
