{{
    config(
        materialized='incremental',
        unique_key='task_id',
        incremental_strategy='merge',
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

with

hf_tasks as (

    select * from {{ ref('stg_hf__tasks') }}

),

task_pages as (

    select * from {{ ref('stg_hf__task_pages') }}

),

last_pages as (

    select max(read_at) as read_at from task_pages

),

final as (

    select
        hf_tasks.task_id,
        {% if is_incremental() %}
            case
                when known.last_seen_at > hf_tasks.observed_at then known.task_label
                else hf_tasks.task_label
            end as task_label,
            least(known.created_at, hf_tasks.first_observed_at) as created_at,
        {% else %}
            hf_tasks.task_label,
            hf_tasks.first_observed_at as created_at,
        {% endif %}
        last_pages.read_at is null
        or hf_tasks.observed_at > last_pages.read_at
        or coalesce(task_pages.last_seen_at = task_pages.read_at, false) as is_current,
        greatest(
            hf_tasks.observed_at,
            task_pages.last_seen_at
            {{- ', known.last_seen_at' if is_incremental() }}
        ) as last_seen_at
    from hf_tasks
    cross join last_pages
    left join task_pages on hf_tasks.task_id = task_pages.task_id
    {%- if is_incremental() %}
    left join {{ this }} as known on hf_tasks.task_id = known.task_id
    {%- endif %}

)

select * from final
