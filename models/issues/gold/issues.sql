-- Problems that developers have, one row per cluster and day, with the identity that lasts.
with

clusters as (

    select * from {{ ref('clusters') }}

),

labels as (

    select * from {{ ref('issue_labels') }}

),

identities as (

    select * from {{ ref('int_issue_identities') }}

),

shares as (

    select
        assignments.cluster_date,
        assignments.cluster_id,
        avg(cast(problems.is_problem as integer)) as problem_share
    from {{ ref('cluster_assignments') }} as assignments
    inner join {{ ref('problems') }} as problems
        on assignments.url_hash = problems.url_hash
    where not assignments.is_outlier
    group by assignments.cluster_date, assignments.cluster_id

),

-- A source that does not say what became of a post counts in none of the states; where no source
-- says it, the numbers are null.
counts as (

    select
        cluster_date,
        cluster_id,
        count(distinct person) as people,
        if(count(state) > 0, count(*) filter (where state = 'open'), null) as posts_open,
        if(count(state) > 0, count(*) filter (where state = 'answered'), null) as posts_answered,
        if(count(state) > 0, count(*) filter (where state = 'fixed'), null) as posts_fixed,
        if(count(state) > 0, count(*) filter (where state = 'declined'), null) as posts_declined,
        if(count(is_locked) > 0, count(*) filter (where is_locked), null) as posts_locked
    from {{ ref('issue_evidence') }}
    group by cluster_date, cluster_id

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        identities.issue_id,
        labels.canonical_title,
        labels.category,
        labels.description,
        labels.would_pay_signal,
        labels.impact_level,
        clusters.cluster_size,
        coalesce(counts.people, 0) as people,
        counts.posts_open,
        counts.posts_answered,
        counts.posts_fixed,
        counts.posts_declined,
        counts.posts_locked,
        clusters.confidence,
        shares.problem_share,
        labels.labeled_by
    from clusters
    inner join labels on clusters.fingerprint = labels.fingerprint
    inner join identities
        on
            clusters.cluster_date = identities.cluster_date
            and clusters.cluster_id = identities.cluster_id
    inner join shares
        on
            clusters.cluster_date = shares.cluster_date
            and clusters.cluster_id = shares.cluster_id
    left join counts
        on
            clusters.cluster_date = counts.cluster_date
            and clusters.cluster_id = counts.cluster_id

)

select * from final
