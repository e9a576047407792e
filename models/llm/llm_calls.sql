-- Every call of a language model, whoever asked for it, and every question the cache answered.
select
    call_id,
    run_id,
    purpose,
    task_key,
    model,
    prompt_version,
    prompt_hash,
    status,
    error,
    tokens_in,
    tokens_out,
    cost_usd,
    seconds,
    cached,
    called_at,
    tokens_in + tokens_out as tokens
from {{ ref('stg_llm_calls') }}
