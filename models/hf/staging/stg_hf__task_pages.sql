-- Every task page that the Hub had, asked for or not, and whether it still had it when its pages
-- were last read.

{{ config(materialized='ephemeral') }}

with

hf_task_pages as (

    select loaded.* from {{ source_or_empty(source('bronze', 'hf_task_pages'), {
        'task_id': 'text', 'run_id': 'text', 'observed_at': 'timestamptz',
    }) }} as loaded

),

final as (

    select
        task_id,
        max(observed_at) as last_seen_at,
        max(max(observed_at)) over () as read_at
    from hf_task_pages
    group by task_id

)

select * from final
