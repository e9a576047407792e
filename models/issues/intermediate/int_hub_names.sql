-- What the catalog calls its models and data sets: every written id with the entity it means today.
-- What is private to its owner is left out, since issues are published.

{{ config(materialized='table') }}

with

models as (

    select
        model_id,
        downloads
    from {{ ref_or_empty(ref('models'), {
        'model_id': 'varchar', 'downloads': 'bigint', 'is_private': 'boolean',
    }) }}
    where is_private is not true

),

renames as (

    select
        old_id,
        model_id
    from {{ ref_or_empty(ref('model_renames'), {
        'old_id': 'varchar', 'model_id': 'varchar', 'is_reused': 'boolean',
    }) }}
    where is_reused is not true

),

base_models as (

    select
        base_model_id,
        downloads,
        coalesce(resolved_id, base_model_id) as model_id
    from {{ ref_or_empty(ref('base_models'), {
        'base_model_id': 'varchar', 'resolved_id': 'varchar', 'downloads': 'bigint',
        'enriched': 'boolean', 'is_private': 'boolean',
    }) }}
    where enriched and is_private is not true

),

datasets as (

    select
        dataset_id as written_as,
        downloads,
        coalesce(resolved_id, dataset_id) as dataset_id
    from {{ ref_or_empty(ref('datasets'), {
        'dataset_id': 'varchar', 'resolved_id': 'varchar', 'downloads': 'bigint',
        'enriched': 'boolean', 'is_private': 'boolean',
    }) }}
    where enriched and is_private is not true

),

profiles as (

    select
        model_id,
        root_id
    from {{ ref_or_empty(ref('model_profile'), {'model_id': 'varchar', 'root_id': 'varchar'}) }}

),

named as (

    select
        'model' as entity_kind,
        model_id as entity_id,
        model_id as written_as,
        downloads
    from models
    union all
    select
        'model' as entity_kind,
        renames.model_id as entity_id,
        renames.old_id as written_as,
        models.downloads
    from renames
    inner join models on renames.model_id = models.model_id
    union all
    select
        'model' as entity_kind,
        model_id as entity_id,
        unnest([base_model_id, model_id]) as written_as,
        downloads
    from base_models
    union all
    select
        'dataset' as entity_kind,
        dataset_id as entity_id,
        unnest([written_as, dataset_id]) as written_as,
        downloads
    from datasets

),

-- The Hub takes an id in any case, and so do people.
told_apart as (

    select
        entity_kind,
        lower(written_as) as id_key,
        max(downloads) as downloads,
        arg_max(entity_id, (coalesce(downloads, 0), entity_id)) as entity_id
    from named
    group by entity_kind, lower(written_as)

),

final as (

    select
        told_apart.entity_kind,
        told_apart.entity_id,
        told_apart.id_key,
        -- As it is compared: people write `Qwen 3 8B`, `qwen3_8b` and `Qwen3-8B` for the same.
        regexp_replace(split_part(told_apart.id_key, '/', -1), '[-_]', '', 'g') as name_key,
        regexp_extract_all(
            split_part(told_apart.id_key, '/', -1), '[0-9]+(?:\.[0-9]+)*|[a-z]+'
        ) as parts,
        -- What was made from the same model is one family.
        concat(
            told_apart.entity_kind, ' ', lower(coalesce(profiles.root_id, told_apart.entity_id))
        ) as lineage_root,
        coalesce(told_apart.downloads, 0) as downloads
    from told_apart
    left join profiles
        on told_apart.entity_kind = 'model' and told_apart.entity_id = profiles.model_id

)

select * from final
