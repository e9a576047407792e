-- The answers that were paid for, whichever tasks are active now.
select
    task_id,
    model_id,
    template_id,
    response,
    model,
    inputs_hash,
    prompt_hash,
    run_id,
    tokens_in,
    tokens_out,
    cost_usd,
    seconds,
    recorded_at
from {{ ref('int_evaluation_responses') }}
where status = 'ok'
