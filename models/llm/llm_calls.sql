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
    tokens_in + tokens_out as tokens,
    cost_usd,
    seconds,
    cached,
    "at" as called_at
from {{ ref('stg_llm_calls') }}
