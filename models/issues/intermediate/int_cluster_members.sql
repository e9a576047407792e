-- The posts of every cluster in order: the medoid first, outliers last.
with

clusters as (

    select * from {{ ref('int_clusters') }}

),

members as (

    select
        cluster_date,
        cluster_id,
        fingerprint,
        day_fingerprint,
        unnest(members) as member
    from clusters

),

final as (

    select
        members.cluster_date,
        members.cluster_id,
        members.fingerprint,
        members.day_fingerprint,
        members.member.url_hash,
        members.member.position,
        members.member.distance,
        members.member.is_outlier
    from members

)

select * from final
