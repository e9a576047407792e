-- One row per model and ancestor: which parent leads there, and for the parents how it was made.
with

fetched as (

    select
        coalesce(resolved_id, base_model_id) as model_id,
        max(license) as license
    from hf.base_models
    where enriched and is_private is not true
    group by coalesce(resolved_id, base_model_id)

),

relations as (

    select
        model_id,
        coalesce(resolved_id, base_model_id) as parent_id,
        min(relation) as relation
    from hf.model_base_models
    group by model_id, coalesce(resolved_id, base_model_id)

)

select
    model_lineage.model_id,
    model_lineage.ancestor_id,
    model_lineage.depth,
    model_lineage.parent_id,
    relations.relation,
    coalesce(profile.license, fetched.license) as license,
    terms.license_terms
from hf.model_lineage
left join hf.model_profile as profile
    on model_lineage.ancestor_id = profile.model_id and profile.is_private is not true
left join fetched on model_lineage.ancestor_id = fetched.model_id
left join hf_staging.hf_license_terms as terms
    on lower(coalesce(profile.license, fetched.license)) = terms.license_id
left join relations
    on
        model_lineage.model_id = relations.model_id
        and model_lineage.ancestor_id = relations.parent_id
        and model_lineage.depth = 1
order by
    model_lineage.model_id collate "C", model_lineage.depth, model_lineage.ancestor_id collate "C"
