-- The issues of the last day that was clustered, hottest first.
with

published as (

    select * from {{ ref('published_issues') }}
    where is_latest and heat is not null

),

issues as (

    select * from {{ ref('issues') }}

),

trend as (

    select * from {{ ref('issue_trend') }}

),

final as (

    select
        published.issue_id,
        published.cluster_date,
        published.cluster_id,
        published.canonical_title,
        published.category,
        published.category_confidence,
        published.description,
        published.impact_level,
        published.impact_score,
        published.labeled_by,
        published.quotes,
        published.because,
        published.fixed_in,
        published.corrections,
        published.cluster_size,
        published.people,
        published.posts,
        published.posts_open,
        published.posts_answered,
        published.posts_fixed,
        published.posts_declined,
        published.posts_locked,
        published.confidence,
        issues.problem_share,
        published.heat,
        published.would_pay_signal,
        published.would_pay_because,
        published.first_posted_at,
        published.last_posted_at,
        published.heat_rank,
        len(published.sources) as sources,
        round(published.heat - coalesce(then_hot.heat, 0), 4) as heat_change
    from published
    inner join issues
        on
            published.cluster_date = issues.cluster_date
            and published.cluster_id = issues.cluster_id
    left join trend as then_hot
        on published.issue_id = then_hot.issue_id and published.cluster_date - 3 = then_hot.day
    where published.posts > 0

)

select * from final
