-- The topics of each day, broader than its issues.
with

topics as (

    select * from {{ ref('int_topics') }}

),

final as (

    select
        cluster_date,
        topic_id,
        name,
        len(list_filter(members, lambda member: not member.is_outlier)) as topic_size,
        confidence
    from topics

)

select * from final
