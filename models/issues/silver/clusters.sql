-- The clusters of each day with their summaries.
with

clusters as (

    select * from {{ ref('int_clusters') }}

),

-- Clusters that people merged are one: that in which its issue is shown.
groups as (

    select * from {{ ref('int_corrected_groups') }}
    where cluster_id = shown_cluster_id and not is_emptied

),

summaries as (

    select * from {{ ref('cluster_summaries') }}

),

sizes as (

    select
        cluster_date,
        cluster_id,
        count(*) filter (where not is_outlier) as cluster_size,
        count(*) filter (where is_outlier) as outliers
    from {{ ref('cluster_assignments') }}
    group by cluster_date, cluster_id

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        sizes.cluster_size,
        sizes.outliers,
        clusters.confidence,
        summaries.summary,
        groups.fingerprint
    from clusters
    inner join groups
        on clusters.cluster_date = groups.cluster_date and clusters.cluster_id = groups.cluster_id
    inner join sizes
        on clusters.cluster_date = sizes.cluster_date and clusters.cluster_id = sizes.cluster_id
    inner join summaries
        on
            clusters.cluster_date = summaries.cluster_date
            and clusters.cluster_id = summaries.cluster_id

)

select * from final
