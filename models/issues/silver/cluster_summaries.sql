-- What the posts nearest the centre of a cluster say, in their own sentences.
with

summaries as (

    select * from {{ ref('int_cluster_summaries') }}

),

clusters as (

    select * from {{ ref('int_corrected_groups') }}
    where cluster_id = shown_cluster_id and not is_emptied

),

-- A day that is clustered again may have fewer clusters; the step keeps the summaries of those that
-- are gone, and they are no summaries here.
final as (

    select
        summaries.cluster_date,
        summaries.cluster_id,
        summaries.summary,
        summaries.fingerprint
    from summaries
    inner join clusters
        on
            summaries.cluster_date = clusters.cluster_date
            and summaries.cluster_id = clusters.cluster_id
            and summaries.fingerprint = clusters.fingerprint

)

select * from final
