-- A task's listing replaces that task's rows whole, so ranks always run 1..n; a task that was not
-- listed this time keeps its last listing.

{{
    config(
        materialized='incremental',
        unique_key='task_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        full_refresh=false,
        post_hook=[
            "delete from {{ this }} where task_id in (
                select task_id from {{ ref('stg_hf__task_listings') }} where models = 0
            )",
            "{{ create_index('idx_model_tasks_task_id', 'task_id, rank_in_task') }}",
        ],
    )
}}

-- depends_on: {{ ref('models') }}
-- depends_on: {{ ref('tasks') }}

with

listings as (

    select * from {{ ref('int_hf__latest_listings') }}

),

final as (

    select
        listings.model_id,
        listings.task_id,
        listings.rank_in_task,
        {% if is_incremental() %}
            coalesce(known.created_at, listings.observed_at) as created_at
        {% else %}
            listings.observed_at as created_at
        {% endif %}
    from listings
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            listings.model_id = known.model_id
            and listings.task_id = known.task_id
    {%- endif %}

)

select * from final
