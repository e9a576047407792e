-- A view, so that it shows the step that has just ended as well.
with

steps as (

    select * from {{ source('operations', 'pipeline_steps') }}

),

final as (

    select
        step_id,
        run_id,
        kind,
        name,
        status,
        error,
        counts,
        run_folders,
        load_ids,
        round(epoch(finished_at) - epoch(started_at), 3) as seconds,
        started_at,
        finished_at
    from steps

)

select * from final
