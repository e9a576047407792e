-- Which model was made from which, each under the name it has today. Of models that no listing
-- shows, only the base models of others are known; what those were made from is in their own tags.

{{ config(tags=['base_models']) }}

with

model_base_models as (

    select * from {{ ref('model_base_models') }}

),

base_models as (

    select
        base_model_id,
        tags,
        coalesce(resolved_id, base_model_id) as model_id,
        coalesce(reason, '') = 'local_path' as is_on_disk
    from {{ ref('base_models') }}

),

unlisted as (

    select
        base_models.model_id,
        base_models.tags
    from base_models
    where
        cast(base_models.tags as text) like '%"base_model:%'
        and base_models.model_id not in (
            select model_base_models.model_id from model_base_models
        )

),

tagged as (

    select
        unlisted.model_id,
        trim(
            regexp_replace(
                regexp_replace(
                    tag.value,
                    '^base_model:((finetune|adapter|merge|quantized):)?'
                    || '(https?://(www[.])?(huggingface[.]co|hf[.]co)/)?',
                    ''
                ),
                '@.*$',
                ''
            )
        ) as base_model_id
    from unlisted
    cross join {{ each_text('unlisted.tags') }} as tag (value)
    where tag.value like 'base_model:%'

),

pairs as (

    select
        model_id,
        base_model_id
    from model_base_models
    union all
    select
        model_id,
        base_model_id
    from tagged
    where
        base_model_id <> ''
        and base_model_id not like '%:%'
        and base_model_id not like '/%'
        and base_model_id not like '.%'
        and base_model_id not like '~%'
        and base_model_id not like '%/%/%'

),

final as (

    select distinct
        pairs.model_id,
        coalesce(base_models.model_id, pairs.base_model_id) as parent_id
    from pairs
    left join base_models on pairs.base_model_id = base_models.base_model_id
    -- A path on somebody's disk is no ancestor that strangers share.
    where base_models.is_on_disk is null or not base_models.is_on_disk

)

select * from final
