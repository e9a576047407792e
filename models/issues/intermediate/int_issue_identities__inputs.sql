-- What a cluster is known again by: its posts, medoid first, and its centre.
with

clusters as (

    select * from {{ ref('int_clusters') }}

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        clusters.day_fingerprint,
        clusters.centroid,
        list_transform(
            list_filter(clusters.members, lambda member: not member.is_outlier),
            lambda member: member.url_hash
        ) as members
    from clusters

)

select * from final
