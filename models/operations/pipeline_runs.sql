-- A view, so that it shows the step that has just ended as well; without the database's name, so
-- that a copy of the file under another name shows it too.
with

steps as (

    select * from {{ source('operations', 'pipeline_steps').include(database=false) }}

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
        started_at,
        finished_at,
        round(epoch(finished_at) - epoch(started_at), 3) as seconds
    from steps

)

select * from final
