-- Problems that developers have, one row per cluster and day, with the identity that lasts.
with

clusters as (

    select * from {{ ref('clusters') }}

),

labels as (

    select * from {{ ref('issue_labels') }}

),

identities as (

    select * from {{ ref('stg_issue_identities') }}

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
        clusters.confidence,
        labels.labeled_by
    from clusters
    inner join labels on clusters.fingerprint = labels.fingerprint
    inner join identities
        on
            clusters.cluster_date = identities.cluster_date
            and clusters.cluster_id = identities.cluster_id

)

select * from final
