-- Which cluster each post belongs to, for every day that was clustered.
with

clusters as (

    select * from {{ ref('stg_clusters') }}

),

members as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        unnest(clusters.members) as member
    from clusters

),

final as (

    select
        members.member.url_hash,
        members.cluster_date,
        members.cluster_id,
        members.member.position,
        members.member.distance,
        members.member.is_outlier
    from members

)

select * from final
