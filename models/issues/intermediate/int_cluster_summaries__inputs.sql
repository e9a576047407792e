-- The texts of every cluster's posts, the nearest to its centre first.
with

members as (

    select * from {{ ref('int_corrected_members') }}
    where not is_split_off

),

documents as (

    select * from {{ ref('documents') }}

),

final as (

    select
        members.cluster_date,
        members.cluster_id,
        members.fingerprint,
        members.position,
        documents.title,
        documents.text
    from members
    inner join documents on members.url_hash = documents.url_hash

)

select * from final
