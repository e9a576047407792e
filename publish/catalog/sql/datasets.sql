-- One row per data set that a model names; one with an old and a new name is one.
with

named as (

    select
        datasets.*,
        coalesce(datasets.resolved_id, datasets.dataset_id) as id,
        row_number() over (
            partition by coalesce(datasets.resolved_id, datasets.dataset_id)
            order by
                case when datasets.dataset_id = datasets.resolved_id then 0 else 1 end,
                case when datasets.enriched then 0 else 1 end,
                datasets.dataset_id collate "C"
        ) as place
    from hf.datasets
    where datasets.is_private is not true

)

select
    named.id as dataset_id,
    named.author,
    named.license,
    terms.license_terms,
    named.gated,
    named.reason,
    left(named.description, 600) as description,
    named.downloads,
    named.likes,
    cast(named.last_modified as date) as modified_on
from named
left join hf_staging.hf_license_terms as terms on lower(named.license) = terms.license_id
where named.place = 1
order by named.id collate "C"
