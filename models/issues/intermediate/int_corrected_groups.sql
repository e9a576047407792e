-- The clusters of each day as people have corrected them: which issue each one is, in which cluster
-- of its day the posts of that issue stand, and which of its posts are not of it. What the machine
-- found stays as it is in int_clusters and int_issue_identities, where the next day begins.
with

identities as (

    select
        identities.cluster_date,
        identities.cluster_id,
        identities.issue_id as machine_issue_id,
        coalesce(leads.leads_to, identities.issue_id) as issue_id
    from {{ ref('int_issue_identities') }} as identities
    left join {{ ref('int_issue_leads') }} as leads
        on
            identities.cluster_date = leads.cluster_date
            and identities.issue_id = leads.issue_id

),

members as (

    select * from {{ ref('int_cluster_members') }}
    where not is_outlier

),

clusters as (

    select
        cluster_date,
        cluster_id,
        any_value(fingerprint) as fingerprint,
        count(*) as posts
    from members
    group by cluster_date, cluster_id

),

split_posts as (

    select distinct
        leads.cluster_date,
        leads.leads_to as issue_id,
        corrections.url_hash
    from {{ ref('int_corrections') }} as corrections
    inner join {{ ref('int_issue_leads') }} as leads on corrections.issue_id = leads.issue_id
    where corrections.state = 'in_force' and corrections.kind = 'split_off'

),

split_off as (

    select
        members.cluster_date,
        members.cluster_id,
        list(members.url_hash order by members.url_hash) as split_off
    from split_posts
    inner join identities
        on
            split_posts.cluster_date = identities.cluster_date
            and split_posts.issue_id = identities.issue_id
    inner join members
        on
            identities.cluster_date = members.cluster_date
            and identities.cluster_id = members.cluster_id
            and split_posts.url_hash = members.url_hash
    group by members.cluster_date, members.cluster_id

),

grouped as (

    select
        identities.*,
        clusters.fingerprint,
        clusters.posts,
        coalesce(split_off.split_off, []) as split_off,
        -- Of the clusters that became one, that which the machine takes for the issue itself.
        first_value(identities.cluster_id) over (
            partition by identities.cluster_date, identities.issue_id
            order by
                (identities.machine_issue_id = identities.issue_id) desc,
                identities.cluster_id asc
        ) as shown_cluster_id
    from identities
    inner join clusters
        on
            identities.cluster_date = clusters.cluster_date
            and identities.cluster_id = clusters.cluster_id
    left join split_off
        on
            identities.cluster_date = split_off.cluster_date
            and identities.cluster_id = split_off.cluster_id

),

whole as (

    select
        cluster_date,
        issue_id,
        md5(concat_ws(
            ' ',
            string_agg(fingerprint, ' ' order by fingerprint),
            string_agg(array_to_string(split_off, ' '), ' ' order by fingerprint)
        )) as fingerprint,
        count(*) > 1 or sum(len(split_off)) > 0 as is_corrected,
        sum(posts) = sum(len(split_off)) as is_emptied
    from grouped
    group by cluster_date, issue_id

),

final as (

    select
        grouped.cluster_date,
        grouped.cluster_id,
        grouped.machine_issue_id,
        grouped.issue_id,
        grouped.shown_cluster_id,
        grouped.split_off,
        whole.is_corrected,
        whole.is_emptied,
        if(whole.is_corrected, whole.fingerprint, grouped.fingerprint) as fingerprint
    from grouped
    inner join whole
        on grouped.cluster_date = whole.cluster_date and grouped.issue_id = whole.issue_id

)

select * from final
