-- Which topic each post belongs to, for every day that was clustered.
with

topics as (

    select * from {{ ref('int_topics') }}

),

members as (

    select
        cluster_date,
        topic_id,
        unnest(members) as member
    from topics

),

final as (

    select
        members.member.url_hash,
        members.cluster_date,
        members.topic_id,
        members.member.distance,
        members.member.is_outlier
    from members

)

select * from final
