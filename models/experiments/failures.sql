-- Tasks that were tried and have no answer; the next approved run tries failed ones again.
with

links as (

    select
        'links' as step,
        *
    from {{ ref('stg_links_responses') }}

),

essays as (

    select
        'essays' as step,
        *
    from {{ ref('stg_essay_responses') }}

),

evaluations as (

    select
        'evaluations' as step,
        *
    from {{ ref('stg_evaluation_responses') }}

),

tried as (

    select * from links
    union all
    select * from essays
    union all
    select * from evaluations

),

final as (

    select
        step,
        task_id,
        model_id,
        template_id,
        status,
        reason,
        model,
        run_id,
        coalesce(tokens_in + tokens_out, 0) as tokens,
        coalesce(cost_usd, 0) as cost_usd,
        recorded_at
    from tried
    where status <> 'ok'

)

select * from final
