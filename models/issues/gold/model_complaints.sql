-- What people complain about, by model, data set and library: the posts that speak of it, those
-- that tell of a problem, and their issues, each as it was found last. It has words of posts, and
-- is a view so that none outlives a post.
with

post_models as (

    select * from {{ ref('post_models') }}

),

documents as (

    select
        url_hash,
        posted_at,
        coalesce(author_hash, url_hash) as person,
        coalesce(duplicate_of, url_hash) as original
    from {{ ref('documents') }}

),

problems as (

    select
        url_hash,
        is_problem
    from {{ ref('problems') }}

),

spoken as (

    select
        post_models.entity_kind,
        post_models.entity_id,
        bool_or(post_models.is_in_catalog) as is_in_catalog,
        count(*) as posts,
        count(*) filter (where problems.is_problem) as problem_posts,
        count(distinct documents.person) as people,
        min(documents.posted_at) as first_posted_at,
        max(documents.posted_at) as last_posted_at
    from post_models
    inner join documents on post_models.url_hash = documents.url_hash
    left join problems on documents.original = problems.url_hash
    group by post_models.entity_kind, post_models.entity_id

),

issue_models as (

    select * from {{ ref('issue_models') }}
    qualify
        row_number() over (
            partition by issue_id, entity_kind, entity_id
            order by cluster_date desc, posts desc, cluster_id asc
        ) = 1

),

issues as (

    select
        issue_models.entity_kind,
        issue_models.entity_id,
        list(
            {
                'issue_id': issue_models.issue_id,
                'title': issues.canonical_title,
                'cluster_date': issue_models.cluster_date,
                'posts': issue_models.posts,
                'people': issue_models.people
            }
            order by issue_models.people desc, issue_models.posts desc, issue_models.issue_id asc
        ) as issues
    from issue_models
    inner join {{ ref('issues') }} as issues
        on
            issue_models.cluster_date = issues.cluster_date
            and issue_models.cluster_id = issues.cluster_id
    where issues.standing = 'open'
    group by issue_models.entity_kind, issue_models.entity_id

),

final as (

    select
        spoken.entity_kind,
        spoken.entity_id,
        spoken.posts,
        spoken.problem_posts,
        spoken.people,
        spoken.is_in_catalog,
        spoken.first_posted_at,
        spoken.last_posted_at,
        coalesce(issues.issues, []) as issues
    from spoken
    left join issues
        on
            spoken.entity_kind = issues.entity_kind
            and spoken.entity_id = issues.entity_id

)

select * from final
