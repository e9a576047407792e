-- What language models cost, by day and purpose.
with

calls as (

    select
        *,
        cast(called_at as date) as called_on
    from {{ ref('llm_calls') }}

),

final as (

    select
        called_on,
        purpose,
        cast(sum(tokens_in) as bigint) as tokens_in,
        cast(sum(tokens_out) as bigint) as tokens_out,
        count(*) filter (where not cached) as calls,
        count(*) filter (where not cached and status = 'ok') as answered,
        count(*) filter (where not cached and status <> 'ok') as unanswered,
        count(*) filter (where cached) as from_cache,
        count(distinct run_id) as runs,
        round(sum(cost_usd), 9) as cost_usd,
        sum(seconds) as seconds
    from calls
    group by called_on, purpose

)

select * from final
