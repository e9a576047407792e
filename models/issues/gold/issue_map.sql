-- Where the posts of the last clustered day lie when near means alike.
with

places as (

    select * from {{ ref('int_issue_map') }}
    qualify cluster_date = max(cluster_date) over ()

),

issues as (

    select * from {{ ref('issues') }}

),

assignments as (

    select * from {{ ref('cluster_assignments') }}

),

final as (

    select
        places.cluster_date,
        assignments.cluster_id,
        places.url_hash,
        issues.issue_id,
        places.x,
        places.y,
        assignments.is_outlier
    from places
    inner join assignments
        on places.cluster_date = assignments.cluster_date and places.url_hash = assignments.url_hash
    inner join issues
        on
            assignments.cluster_date = issues.cluster_date
            and assignments.cluster_id = issues.cluster_id

)

select * from final
