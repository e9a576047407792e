-- The libraries that the catalog's models are made for. A library that fewer than three authors
-- name may be any word that somebody wrote there.

{{ config(materialized='table') }}

with

models as (

    select
        library_name,
        split_part(model_id, '/', 1) as author
    from {{ ref_or_empty(ref('models'), {
        'model_id': 'varchar', 'library_name': 'varchar', 'is_private': 'boolean',
    }) }}
    where library_name is not null and is_private is not true

),

final as (

    select
        replace(lower(library_name), '_', '-') as id_key,
        any_value(library_name) as library_name
    from models
    group by replace(lower(library_name), '_', '-')
    having count(distinct author) >= {{ var('library_min_authors') }}

)

select * from final
