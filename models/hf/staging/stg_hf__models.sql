-- What the Hub said of each model, once per listing that shows it and as often as it was seen in
-- it.

{{ config(materialized='ephemeral') }}

with

hf_models as (

    select loaded.*
    from {{ with_later_columns(source('bronze', 'hf_models'), {
        'hub_id': 'text', 'reason': 'text', 'downloads_all_time': 'bigint',
        'trending_score': 'bigint', 'parameters': 'bigint', 'gguf': json_type(), 'sha': 'text',
        'license_name': 'text', 'license_link': 'text',
    }) }} as loaded

),

final as (

    select
        task_id,
        model_id,
        hub_id,
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
        is_private,
        reason,
        hub_created_at,
        last_modified,
        downloads_all_time,
        trending_score,
        parameters,
        gguf,
        sha,
        license_name,
        license_link,
        observed_at
    from hf_models

)

select * from final
