-- Which cluster each post belongs to, for every day that was clustered.
with

clusters as (

    select * from {{ ref('stg_clusters') }}

),

members as (

    select
        cluster_date,
        cluster_id,
        unnest(members) as member
    from clusters

),

final as (

    select
        member.url_hash as url_hash,
        cluster_date,
        cluster_id,
        member.position as position,
        member.distance as distance,
        member.is_outlier as is_outlier
    from members

)

select * from final
