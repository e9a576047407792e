-- The posts of the last clustered day with their vectors. The most central posts of every cluster
-- have the lowest positions, so that a cut by position leaves no cluster out.
with

clusters as (

    select * from {{ ref('int_clusters') }}

),

members as (

    select * from {{ ref('int_cluster_members') }}
    where cluster_date = (select max(clusters.cluster_date) from clusters)

),

embeddings as (

    select * from {{ ref('embeddings') }}

),

final as (

    select
        members.cluster_date,
        members.cluster_id,
        members.url_hash,
        members.position,
        members.day_fingerprint,
        embeddings.embedding
    from members
    inner join embeddings on members.url_hash = embeddings.url_hash

)

select * from final
