-- The topic of each issue, day by day: the one that most of its posts are in.
with

topics as (

    select * from {{ ref('topics') }}

),

shared as (

    select
        issues.cluster_date,
        issues.cluster_id,
        topics.topic_id,
        count(*) as posts
    from {{ ref('cluster_assignments') }} as issues
    inner join {{ ref('topic_assignments') }} as topics
        on issues.cluster_date = topics.cluster_date and issues.url_hash = topics.url_hash
    where not issues.is_outlier
    group by issues.cluster_date, issues.cluster_id, topics.topic_id

),

placed as (

    select * from shared
    qualify row_number() over (
        partition by cluster_date, cluster_id order by posts desc, topic_id asc
    ) = 1

),

final as (

    select
        issues.cluster_date,
        issues.cluster_id,
        issues.issue_id,
        topics.topic_id,
        topics.name as topic,
        topics.topic_size,
        placed.posts
    from {{ ref('issues') }} as issues
    inner join placed
        on issues.cluster_date = placed.cluster_date and issues.cluster_id = placed.cluster_id
    inner join topics
        on placed.cluster_date = topics.cluster_date and placed.topic_id = topics.topic_id

)

select * from final
