-- The present: a task's last listing replaces that task's rows whole, so ranks always run 1..n. A
-- task that was not listed this time keeps its last listing, one that the Hub lost keeps none.

{{
    config(
        materialized='incremental',
        unique_key='task_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        full_refresh=false,
        post_hook=[
            "delete from {{ this }} where task_id in (
                select task_id from {{ ref('int_hf__listings') }}
                where is_latest and (models = 0 or not is_present)
            )",
            "{{ create_index('idx_model_tasks_task_id', 'task_id, rank_in_task') }}",
        ],
    )
}}

-- depends_on: {{ ref('models') }}
-- depends_on: {{ ref('tasks') }}

with

ranks as (

    select * from {{ ref('int_hf__ranks') }}
    where is_present and kind = 'task'

),

-- Since when a task lists a model, however the days were loaded.
first_ranked as (

    select
        model_id,
        task_id,
        min(first_observed_at) as first_observed_at
    from {{ ref('model_rank_daily') }}
    group by model_id, task_id

),

final as (

    select
        ranks.model_id,
        ranks.task_id,
        ranks.rank_in_task,
        least(
            {{ 'known.created_at,' if is_incremental() }}
            first_ranked.first_observed_at,
            ranks.observed_at
        ) as created_at,
        ranks.observed_at as last_seen_at
    from ranks
    left join first_ranked
        on
            ranks.model_id = first_ranked.model_id
            and ranks.task_id = first_ranked.task_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            ranks.model_id = known.model_id
            and ranks.task_id = known.task_id
    {%- endif %}

)

select * from final
