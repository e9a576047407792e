-- Tasks that were tried and have no answer; the next approved run tries failed ones again.
with

links as (

    select
        'links' as step,
        *
    from {{ ref('int_links_responses') }}

),

essays as (

    select
        'essays' as step,
        *
    from {{ ref('int_essay_responses') }}

),

evaluations as (

    select
        'evaluations' as step,
        *
    from {{ ref('int_evaluation_responses') }}

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
        recorded_at,
        coalesce(tokens_in + tokens_out, 0) as tokens,
        coalesce(cost_usd, 0) as cost_usd
    from tried
    where status <> 'ok'

)

select * from final
