-- One row per model that a listing shows now and that everybody may see.
with

listed as (

    select *
    from hf.current_models
    where is_private is not true

),

-- The licence of what a model was made from: as the catalog knows it, or else as it was fetched.
fetched as (

    select
        coalesce(resolved_id, base_model_id) as model_id,
        max(license) as license
    from hf.base_models
    where enriched and is_private is not true
    group by coalesce(resolved_id, base_model_id)

),

ancestors as (

    select
        model_lineage.model_id,
        model_lineage.ancestor_id,
        coalesce(profile.license, fetched.license) as license,
        terms.license_terms,
        strictness.strictness,
        row_number() over (
            partition by model_lineage.model_id
            order by
                strictness.strictness desc,
                model_lineage.depth asc,
                model_lineage.ancestor_id collate "C" asc
        ) as place
    from hf.model_lineage
    inner join listed on model_lineage.model_id = listed.model_id
    left join hf.model_profile as profile
        on model_lineage.ancestor_id = profile.model_id and profile.is_private is not true
    left join fetched on model_lineage.ancestor_id = fetched.model_id
    inner join hf_staging.hf_license_terms as terms
        on lower(coalesce(profile.license, fetched.license)) = terms.license_id
    inner join hf_staging.hf_license_strictness as strictness
        on terms.license_terms = strictness.license_terms
    where strictness.strictness is not null

),

-- The task in which a model stands highest speaks for it.
best as (

    select
        model_id,
        task_id,
        rank_in_task,
        row_number() over (
            partition by model_id
            order by rank_in_task asc, task_id collate "C" asc
        ) as place
    from hf.model_tasks

),

moved as (

    select
        movers.model_id,
        max(case when movers.span_days = 1 then movers.downloads_gained end) as gained_1,
        max(case when movers.span_days = 7 then movers.downloads_gained end) as gained_7,
        max(case when movers.span_days = 30 then movers.downloads_gained end) as gained_30,
        max(case when movers.span_days = 1 then movers.places_gained end) as places_1,
        max(case when movers.span_days = 7 then movers.places_gained end) as places_7,
        max(case when movers.span_days = 30 then movers.places_gained end) as places_30,
        max(case when movers.span_days = 1 then movers.growth end) as growth_1,
        max(case when movers.span_days = 7 then movers.growth end) as growth_7,
        max(case when movers.span_days = 30 then movers.growth end) as growth_30
    from hf.model_movers as movers
    inner join best
        on movers.model_id = best.model_id and movers.task_id = best.task_id and best.place = 1
    group by movers.model_id

)

select
    listed.model_id,
    listed.author,
    listed.pipeline_tag,
    listed.library_name,
    listed.license,
    listed.license_family,
    listed.license_terms,
    own.strictness,
    ancestors.ancestor_id as strictest_ancestor,
    ancestors.license as strictest_license,
    ancestors.license_terms as strictest_terms,
    ancestors.strictness as strictest_strictness,
    models.gated,
    best.task_id as best_task,
    best.rank_in_task as best_rank,
    listed.downloads,
    listed.likes,
    models.downloads_all_time,
    models.parameters,
    listed.task_count,
    listed.dataset_count,
    listed.article_count,
    listed.parent_count,
    listed.child_count,
    moved.gained_1,
    moved.gained_7,
    moved.gained_30,
    moved.places_1,
    moved.places_7,
    moved.places_30,
    moved.growth_1,
    moved.growth_7,
    moved.growth_30,
    cast(models.hub_created_at as date) as created_on,
    cast(listed.last_modified as date) as modified_on,
    listed.last_synced_at
from listed
inner join hf.models on listed.model_id = models.model_id
left join hf_staging.hf_license_strictness as own on listed.license_terms = own.license_terms
left join ancestors on listed.model_id = ancestors.model_id and ancestors.place = 1
left join best on listed.model_id = best.model_id and best.place = 1
left join moved on listed.model_id = moved.model_id
order by listed.downloads desc nulls last, listed.model_id collate "C" asc
