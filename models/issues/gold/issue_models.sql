-- Which models, data sets and libraries the posts of an issue speak of, most people first.
with

evidence as (

    select * from {{ ref('issue_evidence') }}

),

issues as (

    select
        cluster_date,
        cluster_id,
        issue_id
    from {{ ref('issues') }}

),

post_models as (

    select * from {{ ref('post_models') }}

),

totals as (

    select
        cluster_date,
        cluster_id,
        count(*) as posts
    from evidence
    group by cluster_date, cluster_id

),

final as (

    select
        evidence.cluster_date,
        evidence.cluster_id,
        issues.issue_id,
        post_models.entity_kind,
        post_models.entity_id,
        list_sort(list(distinct post_models.named_by)) as named_by,
        count(*) as posts,
        count(distinct evidence.person) as people,
        count(*) / any_value(totals.posts) as share_of_posts,
        bool_or(post_models.is_in_catalog) as is_in_catalog,
        list(
            { 'source': evidence.source, 'title': evidence.title, 'url': evidence.url }
            order by evidence.is_copy, evidence.position, evidence.url_hash
        )[1:3] as examples
    from evidence
    inner join post_models on evidence.url_hash = post_models.url_hash
    inner join issues
        on
            evidence.cluster_date = issues.cluster_date
            and evidence.cluster_id = issues.cluster_id
    inner join totals
        on
            evidence.cluster_date = totals.cluster_date
            and evidence.cluster_id = totals.cluster_id
    group by
        evidence.cluster_date,
        evidence.cluster_id,
        issues.issue_id,
        post_models.entity_kind,
        post_models.entity_id

)

select * from final
