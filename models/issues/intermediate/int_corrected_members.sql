-- The posts of every cluster as people have corrected them, the medoid first and outliers last. A
-- post that was split off is an outlier; of an issue of which every post was, nothing is left.
with

members as (

    select * from {{ ref('int_cluster_members') }}

),

corrected as (

    select * from {{ ref('int_corrected_groups') }}
    where is_corrected

),

as_found as (

    select
        members.cluster_date,
        members.cluster_id,
        members.fingerprint,
        members.day_fingerprint,
        members.url_hash,
        members.position,
        members.distance,
        members.is_outlier,
        false as is_split_off
    from members
    left join corrected
        on
            members.cluster_date = corrected.cluster_date
            and members.cluster_id = corrected.cluster_id
    where corrected.cluster_id is null

),

moved as (

    select
        members.cluster_date,
        corrected.shown_cluster_id as cluster_id,
        corrected.fingerprint,
        members.day_fingerprint,
        members.url_hash,
        cast(
            row_number() over (
                partition by members.cluster_date, corrected.issue_id
                order by
                    members.is_outlier asc,
                    list_contains(corrected.split_off, members.url_hash) asc,
                    (corrected.cluster_id <> corrected.shown_cluster_id) asc,
                    corrected.cluster_id asc,
                    members.position asc
            ) - 1 as integer
        ) as position,  -- noqa: RF04
        members.distance,
        list_contains(corrected.split_off, members.url_hash) as is_split_off,
        members.is_outlier or is_split_off as is_outlier
    from members
    inner join corrected
        on
            members.cluster_date = corrected.cluster_date
            and members.cluster_id = corrected.cluster_id
    where not corrected.is_emptied

),

final as (

    select * from as_found
    union all by name
    select * from moved

)

select * from final
