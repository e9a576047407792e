-- What a language model is shown of each cluster: its summary and its central posts, problems
-- first, and which categories people corrected last. days_back counts the clustered days from the
-- last one, which is 1.
with

clusters as (

    select * from {{ ref('clusters') }}

),

centres as (

    select * from {{ ref('int_clusters') }}

),

members as (

    select * from {{ ref('int_corrected_members') }}
    where not is_outlier and position < 20

),

documents as (

    select * from {{ ref('documents') }}

),

problems as (

    select * from {{ ref('int_problems') }}

),

days as (

    select
        cluster_date,
        row_number() over (order by cluster_date desc) as days_back
    from clusters
    group by cluster_date

),

posts as (

    select
        members.cluster_date,
        members.cluster_id,
        list(
            {
                'url_hash': documents.url_hash,
                'title': documents.title,
                'text': documents.text[:2000]
            }
            order by not problems.is_problem, members.position
        ) as posts
    from members
    inner join documents on members.url_hash = documents.url_hash
    inner join problems on members.url_hash = problems.url_hash
    group by members.cluster_date, members.cluster_id

),

-- An issue of which a person chose the category, under the title that it has on its last day.
corrected as (

    select
        corrections.issue_id,
        corrections.value as category,
        corrections.said_as,
        coalesce(titles.value, labels.canonical_title) as title
    from {{ ref('int_issue_corrections') }} as corrections
    inner join {{ ref('int_corrected_groups') }} as shown
        on corrections.issue_id = shown.issue_id and shown.cluster_id = shown.shown_cluster_id
    inner join {{ ref('int_issue_labels__local') }} as labels
        on shown.fingerprint = labels.fingerprint
    left join {{ ref('int_issue_corrections') }} as titles
        on corrections.issue_id = titles.issue_id and titles.kind = 'title'
    where
        corrections.kind = 'category' and corrections.issue_id = corrections.said_of_issue_id
    qualify
        row_number() over (
            partition by corrections.issue_id order by shown.cluster_date desc
        ) = 1

),

examples as (

    select list({ 'title': title, 'category': category } order by said_as desc)[1:10] as examples
    from corrected

),

categories as (

    select list(category order by place) as categories
    from {{ ref('int_categories') }}

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        days.days_back,
        clusters.fingerprint,
        clusters.summary,
        centres.centroid,
        posts.posts,
        categories.categories,
        coalesce(examples.examples, []) as examples
    from clusters
    cross join categories
    cross join examples
    inner join days on clusters.cluster_date = days.cluster_date
    inner join centres
        on
            clusters.cluster_date = centres.cluster_date
            and clusters.cluster_id = centres.cluster_id
    inner join posts
        on
            clusters.cluster_date = posts.cluster_date
            and clusters.cluster_id = posts.cluster_id
    where clusters.cluster_size > 0

)

select * from final
