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

final as (

    select
        hf_tasks.task_id,
        hf_tasks.task_label,
        {% if is_incremental() %}
            coalesce(known.created_at, hf_tasks.observed_at) as created_at
        {% else %}
            hf_tasks.observed_at as created_at
        {% endif %}
    from hf_tasks
    {%- if is_incremental() %}
    left join {{ this }} as known on hf_tasks.task_id = known.task_id
    {%- endif %}

)

select * from final
