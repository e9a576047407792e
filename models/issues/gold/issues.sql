-- Problems that developers have, one row per cluster and day, with the identity that lasts. What
-- people corrected stands in place of what the machine says, which stands beside it.
with

clusters as (

    select * from {{ ref('clusters') }}

),

labels as (

    select * from {{ ref('issue_labels') }}

),

identities as (

    select * from {{ ref('int_corrected_groups') }}
    where cluster_id = shown_cluster_id and not is_emptied

),

said as (

    select
        *,
        concat('corrected by ', who, ' on ', cast(made_at as date), ': ', why) as said
    from {{ ref('int_issue_corrections') }}

),

corrections as (

    select
        issue_id,
        max(value) filter (where kind = 'title') as title,
        max(value) filter (where kind = 'category') as category,
        max(value) filter (where kind = 'impact') as impact_level,
        max(value) filter (where kind = 'fixed') as fixed_in,
        bool_or(kind = 'mute') as is_muted,
        bool_or(kind = 'no_problem') as is_no_problem,
        max(said) filter (where kind = 'title') as title_because,
        max(said) filter (where kind = 'category') as category_because,
        max(said) filter (where kind = 'impact') as impact_because,
        list(
            {
                'kind': kind,
                'value': value,
                'who': who,
                'why': why,
                'made_on': cast(made_at as date)
            }
            order by said_as
        ) as corrections
    from said
    group by issue_id

),

shares as (

    select
        assignments.cluster_date,
        assignments.cluster_id,
        avg(cast(problems.is_problem as integer)) as problem_share
    from {{ ref('cluster_assignments') }} as assignments
    inner join {{ ref('problems') }} as problems
        on assignments.url_hash = problems.url_hash
    where not assignments.is_outlier
    group by assignments.cluster_date, assignments.cluster_id

),

-- A source that does not say what became of a post counts in none of the states; where no source
-- says it, the numbers are null.
counts as (

    select
        cluster_date,
        cluster_id,
        count(distinct person) as people,
        count(distinct person) filter (where posted_at >= cluster_date - interval 1 day) as recent,
        median(engagement) as engagement,
        if(count(state) > 0, count(*) filter (where state = 'open'), null) as posts_open,
        if(count(state) > 0, count(*) filter (where state = 'answered'), null) as posts_answered,
        if(count(state) > 0, count(*) filter (where state = 'fixed'), null) as posts_fixed,
        if(count(state) > 0, count(*) filter (where state = 'declined'), null) as posts_declined,
        if(count(is_locked) > 0, count(*) filter (where is_locked), null) as posts_locked
    from {{ ref('issue_evidence') }}
    group by cluster_date, cluster_id

),

-- What an issue's impact is made of: each part from 0 to 1.
parts as (

    select
        cluster_date,
        cluster_id,
        people,
        recent,
        engagement,
        least(ln(people) / ln(100), 1) as by_people,
        recent / people as by_growth,
        least(ln(1 + greatest(engagement, 0)) / ln(101), 1) as by_votes
    from counts

),

scored as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        identities.issue_id,
        coalesce(parts.people, 0) as people,
        coalesce(parts.recent, 0) as recent,
        coalesce(parts.engagement, 0) as engagement,
        round(
            0.4 * coalesce(parts.by_people, 0)
            + 0.3 * least(2 * labels.severity, 1)
            + 0.15 * coalesce(parts.by_growth, 0)
            + 0.15 * coalesce(parts.by_votes, 0),
            4
        ) as impact_score
    from clusters
    inner join labels on clusters.fingerprint = labels.fingerprint
    inner join identities
        on
            clusters.cluster_date = identities.cluster_date
            and clusters.cluster_id = identities.cluster_id
    left join parts
        on
            clusters.cluster_date = parts.cluster_date
            and clusters.cluster_id = parts.cluster_id

),

ranked as (

    select
        *,
        count(*) over (partition by cluster_date) as issues,
        row_number() over (
            partition by cluster_date
            order by impact_score desc, people desc, issue_id asc, cluster_id asc
        ) as impact_rank
    from scored

),

-- A fifth of a day's issues is high and two fifths are medium; of fewer than five each is measured
-- by itself. What one person has is high for nobody else.
levelled as (

    select
        *,
        case
            when people < 2 and impact_score >= 0.25 then 'medium'
            when people < 2 then 'low'
            when issues < 5 and impact_score >= 0.5 then 'high'
            when issues < 5 and impact_score >= 0.25 then 'medium'
            when issues < 5 then 'low'
            when impact_rank <= round(issues / 5.0) then 'high'
            when impact_rank <= round(issues * 3 / 5.0) then 'medium'
            else 'low'
        end as impact_level
    from ranked

),

reasons as (

    select
        levelled.cluster_date,
        levelled.cluster_id,
        concat(
            if(labels.labeled_by = 'llm', 'chosen by a language model; by our rules ', ''),
            format(
                'place {} of {} that day with a score of {:.2f}: ',
                levelled.impact_rank, levelled.issues, levelled.impact_score
            ),
            format('{} people, {} on the last two days, ', levelled.people, levelled.recent),
            format('{:.0f}% name harm', 100 * labels.severity),
            if(labels.severity_because = '', '', concat(' (', labels.severity_because, ')')),
            format(', {:.0f} votes and comments on a typical post', levelled.engagement)
        ) as impact
    from levelled
    inner join clusters
        on
            levelled.cluster_date = clusters.cluster_date
            and levelled.cluster_id = clusters.cluster_id
    inner join labels on clusters.fingerprint = labels.fingerprint

),

final as (

    select
        clusters.cluster_date,
        clusters.cluster_id,
        levelled.issue_id,
        labels.description,
        labels.would_pay_signal,
        labels.would_pay_because,
        levelled.impact_score,
        clusters.cluster_size,
        levelled.people,
        counts.posts_open,
        counts.posts_answered,
        counts.posts_fixed,
        counts.posts_declined,
        counts.posts_locked,
        clusters.confidence,
        shares.problem_share,
        labels.labeled_by,
        labels.quotes,
        labels.canonical_title as machine_title,
        labels.category as machine_category,
        corrections.fixed_in,
        coalesce(corrections.title, labels.canonical_title) as canonical_title,
        coalesce(corrections.category, labels.category) as category,
        if(corrections.category is null, labels.category_confidence, null) as category_confidence,
        if(labels.labeled_by = 'llm', labels.impact_level, levelled.impact_level)
            as machine_impact_level,
        coalesce(corrections.impact_level, machine_impact_level) as impact_level,
        case
            when corrections.is_no_problem then 'no_problem'
            when corrections.is_muted then 'muted'
            else 'open'
        end as standing,
        coalesce(corrections.corrections, []) as corrections,
        {
            'title': coalesce(corrections.title_because, labels.title_because),
            'description': labels.description_because,
            'category': coalesce(corrections.category_because, labels.category_because),
            'would_pay': labels.would_pay_because,
            'impact': coalesce(corrections.impact_because, reasons.impact)
        } as because
    from clusters
    inner join labels on clusters.fingerprint = labels.fingerprint
    inner join levelled
        on
            clusters.cluster_date = levelled.cluster_date
            and clusters.cluster_id = levelled.cluster_id
    inner join shares
        on
            clusters.cluster_date = shares.cluster_date
            and clusters.cluster_id = shares.cluster_id
    inner join reasons
        on
            clusters.cluster_date = reasons.cluster_date
            and clusters.cluster_id = reasons.cluster_id
    left join counts
        on
            clusters.cluster_date = counts.cluster_date
            and clusters.cluster_id = counts.cluster_id
    left join corrections on levelled.issue_id = corrections.issue_id

)

select * from final
