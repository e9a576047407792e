-- Which products of a person's own, or of competitors, the posts of an issue speak of.
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

post_products as (

    select * from {{ ref('post_products') }}

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
        post_products.product,
        any_value(post_products.kind) as kind,
        count(*) as posts,
        count(distinct evidence.person) as people,
        count(*) / any_value(totals.posts) as share_of_posts
    from evidence
    inner join post_products on evidence.url_hash = post_products.url_hash
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
        post_products.product

)

select * from final
