-- One row per window that does not begin where the one before it ended (the first: at midnight), or
-- that ends beyond its day, or that ends a complete day before midnight.
{{ config(enabled = target.type == 'duckdb') }}

with

collected_windows as (

    select * from {{ source('bronze', 'collected_windows') }}

),

neighbours as (

    select
        source,
        query,
        collection_date,
        window_start,
        window_end,
        cast(collection_date as timestamp) at time zone 'UTC' as day_start,
        lag(window_end) over day_windows as previous_end,
        lead(window_start) over day_windows as next_start,
        bool_and(is_final) over (partition by source, query, collection_date) as is_complete
    from collected_windows
    window day_windows as (partition by source, query, collection_date order by window_start)

),

final as (

    select *
    from neighbours
    where
        window_start <> coalesce(previous_end, day_start)
        or window_end <= window_start
        or window_end > day_start + interval 1 day
        or (is_complete and next_start is null and window_end <> day_start + interval 1 day)

)

select * from final
