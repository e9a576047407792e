-- The topics of each day, broader than its issues.
with

topics as (

    select * from {{ ref('int_topics') }}

),

final as (

    select
        topics.cluster_date,
        topics.topic_id,
        topics.name,
        topics.confidence,
        len(list_filter(topics.members, lambda member: not member.is_outlier)) as topic_size
    from topics

)

select * from final
