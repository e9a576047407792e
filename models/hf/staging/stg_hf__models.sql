-- What the Hub said of each model, once per task that lists it and as often as it was seen there.

{{ config(materialized='ephemeral') }}

with

hf_models as (

    select * from {{ source('bronze', 'hf_models') }}

),

final as (

    select
        task_id,
        model_id,
        author,
        pipeline_tag,
        library_name,
        gated,
        run_id,
        tags,
        {{ first_tag_value('tags', 'license:') }} as license,
        likes,
        downloads,
        seq,
        is_listed,
        hub_created_at,
        last_modified,
        observed_at
    from hf_models

)

select * from final
