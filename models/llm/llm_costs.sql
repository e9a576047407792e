-- What language models cost, by day and purpose.
with

calls as (

    select * from {{ ref('llm_calls') }}

),

final as (

    select
        cast(called_at as date) as called_on,
        purpose,
        count(*) filter (where not cached) as calls,
        count(*) filter (where not cached and status = 'ok') as answered,
        count(*) filter (where not cached and status <> 'ok') as unanswered,
        count(*) filter (where cached) as from_cache,
        count(distinct run_id) as runs,
        cast(sum(tokens_in) as bigint) as tokens_in,
        cast(sum(tokens_out) as bigint) as tokens_out,
        round(sum(cost_usd), 9) as cost_usd,
        sum(seconds) as seconds
    from calls
    group by called_on, purpose

)

select * from final
