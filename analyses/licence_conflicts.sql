-- Models whose licence asks less than that of a model they were made from. Each is worth a look and
-- none is a verdict: seeds/hf_license_terms.csv says how licences are read.

with

current_models as (

    select * from {{ ref('current_models') }}

),

model_profile as (

    select * from {{ ref('model_profile') }}

),

model_lineage as (

    select * from {{ ref('model_lineage') }}

),

licenses as (

    select * from {{ ref('licenses') }}

),

base_models as (

    select
        coalesce(resolved_id, base_model_id) as model_id,
        max(license) as license
    from {{ ref('base_models') }}
    where enriched
    group by coalesce(resolved_id, base_model_id)

),

terms as (

    select * from {{ ref('hf_license_terms') }}

),

strictness as (

    select * from {{ ref('hf_license_strictness') }}

),

-- What an ancestor asks: as the catalog knows it, or else as it was fetched.
ancestors as (

    select
        model_lineage.model_id,
        model_lineage.ancestor_id,
        model_lineage.depth,
        coalesce(listed.license, base_models.license) as ancestor_license
    from model_lineage
    left join model_profile as listed on model_lineage.ancestor_id = listed.model_id
    left join base_models on model_lineage.ancestor_id = base_models.model_id

),

final as (

    select
        ancestors.model_id,
        ancestors.ancestor_id,
        current_models.license,
        ancestors.ancestor_license,
        licenses.license_terms,
        terms.license_terms as ancestor_terms,
        ancestors.depth,
        current_models.downloads
    from ancestors
    inner join current_models on ancestors.model_id = current_models.model_id
    inner join licenses on current_models.license = licenses.license_id
    inner join terms on lower(ancestors.ancestor_license) = terms.license_id
    inner join strictness on terms.license_terms = strictness.license_terms
    where licenses.strictness < strictness.strictness
    order by current_models.downloads desc, ancestors.model_id asc, ancestors.depth asc

)

select * from final
