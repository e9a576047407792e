-- The posts that prove each issue, copies of them included; posts that fit nowhere are not.
with

assignments as (

    select * from {{ ref('cluster_assignments') }}
    where not is_outlier

),

documents as (

    select * from {{ ref('documents') }}

),

problems as (

    select * from {{ ref('problems') }}

),

states as (

    select * from {{ ref('int_post_states') }}

),

evidence as (

    select
        documents.*,
        assignments.cluster_date,
        assignments.cluster_id,
        assignments.distance,
        assignments.position,
        problems.is_problem,
        problems.certainty,
        states.state,
        states.is_locked,
        documents.duplicate_of is not null as is_copy,
        -- An account that is gone cannot be known again: each of its posts is a person's only one.
        coalesce(documents.author_hash, documents.url_hash) as person,
        coalesce(documents.score, 0) + coalesce(documents.comment_count, 0) as engagement
    from assignments
    inner join documents
        on assignments.url_hash = coalesce(documents.duplicate_of, documents.url_hash)
    inner join problems on assignments.url_hash = problems.url_hash
    inner join states on documents.url_hash = states.url_hash
    -- A copy proves nothing before it was written.
    where documents.posted_at < assignments.cluster_date + interval 1 day

),

final as (

    select
        cluster_date,
        cluster_id,
        url_hash,
        source,
        url,
        title,
        text as body,
        person,
        state,
        is_locked,
        is_problem,
        certainty,
        is_copy,
        position,
        distance,
        engagement,
        posted_at
    from evidence

)

select * from final
