-- What a language model is shown of each cluster: its summary and its central posts, problems
-- first. days_back counts the clustered days from the last one, which is 1.
with

clusters as (

    select * from {{ ref('clusters') }}

),

centres as (

    select * from {{ ref('int_clusters') }}

),

members as (

    select * from {{ ref('int_cluster_members') }}
    where not is_outlier and position < 20

),

documents as (

    select * from {{ ref('documents') }}

),

problems as (

    select * from {{ ref('int_problems') }}

),

days as (

    select
        cluster_date,
        row_number() over (order by cluster_date desc) as days_back
    from clusters
    group by cluster_date

),

posts as (

    select
        members.cluster_date,
        members.cluster_id,
        list(
            {
                'url_hash': documents.url_hash,
                'title': documents.title,
                'text': documents.text[:2000]
            }
            order by not problems.is_problem, members.position
        ) as posts
    from members
    inner join documents on members.url_hash = documents.url_hash
    inner join problems on members.url_hash = problems.url_hash
    group by members.cluster_date, members.cluster_id

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        days.days_back,
        clusters.fingerprint,
        clusters.summary,
        centres.centroid,
        posts.posts
    from clusters
    inner join days on clusters.cluster_date = days.cluster_date
    inner join centres
        on
            clusters.cluster_date = centres.cluster_date
            and clusters.cluster_id = centres.cluster_id
    inner join posts
        on
            clusters.cluster_date = posts.cluster_date
            and clusters.cluster_id = posts.cluster_id
    where clusters.cluster_size > 0

)

select * from final
