-- Problems of the last clustered day that one person told of so far: they are no issue yet, and
-- become one when another person tells of the same.
with

waiting as (

    select * from {{ ref('topic_assignments') }}
    qualify cluster_date = max(cluster_date) over ()

),

issues as (

    select * from {{ ref('cluster_assignments') }}

),

problems as (

    select * from {{ ref('problems') }}

),

documents as (

    select * from {{ ref('documents') }}

),

final as (

    select
        waiting.cluster_date,
        waiting.url_hash,
        waiting.topic_id,
        documents.source,
        documents.url,
        documents.title,
        problems.problem_score,
        documents.posted_at,
        case when issues.is_outlier then issues.cluster_id end as nearest_cluster_id,
        case when issues.is_outlier then issues.distance end as nearest_distance
    from waiting
    inner join problems on waiting.url_hash = problems.url_hash
    inner join documents on waiting.url_hash = documents.url_hash
    left join issues
        on waiting.cluster_date = issues.cluster_date and waiting.url_hash = issues.url_hash
    where problems.is_problem and coalesce(issues.is_outlier, true)

)

select * from final
