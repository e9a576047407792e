-- To which issue each one leads on each day, for those that were merged by hand, that others were
-- merged into, or that a post was split off from. A merge by hand holds on every day. What an issue
-- became by itself counts on the days on which it is no more.
with recursive

identities as (

    select
        cluster_date,
        issue_id,
        relations
    from {{ ref('int_issue_identities') }}

),

days as (

    select distinct cluster_date from identities

),

corrections as (

    select * from {{ ref('int_corrections') }}
    where state = 'in_force' and kind in ('merge', 'split_off')

),

starts as (

    select issue_id from corrections
    union
    select value as issue_id from corrections
    where kind = 'merge'

),

related as (

    select
        cluster_date,
        unnest(relations) as relation
    from identities

),

merged as (

    select
        related.cluster_date,
        related.relation.from_issue,
        related.relation.to_issue
    from related
    where related.relation.kind = 'merge'

),

by_hand as (

    select
        issue_id as from_issue,
        value as to_issue
    from corrections
    where kind = 'merge'

),

by_itself as (

    select
        days.cluster_date,
        merged.from_issue,
        merged.to_issue
    from merged
    inner join days on merged.cluster_date <= days.cluster_date
    left join identities as still_there
        on
            days.cluster_date = still_there.cluster_date
            and merged.from_issue = still_there.issue_id
    where still_there.issue_id is null
    qualify
        row_number() over (
            partition by days.cluster_date, merged.from_issue
            order by merged.cluster_date desc, merged.to_issue asc
        ) = 1

),

steps as (

    select
        days.cluster_date,
        by_hand.from_issue,
        by_hand.to_issue
    from by_hand
    cross join days
    union all
    select
        by_itself.cluster_date,
        by_itself.from_issue,
        by_itself.to_issue
    from by_itself
    left join by_hand on by_itself.from_issue = by_hand.from_issue
    where by_hand.from_issue is null

),

walked as (

    select
        days.cluster_date,
        starts.issue_id,
        starts.issue_id as leads_to,
        [starts.issue_id] as trail
    from starts
    cross join days
    union all
    select
        walked.cluster_date,
        walked.issue_id,
        steps.to_issue as leads_to,
        list_append(walked.trail, steps.to_issue) as trail
    from walked
    inner join steps
        on walked.cluster_date = steps.cluster_date and walked.leads_to = steps.from_issue
    where not list_contains(walked.trail, steps.to_issue)

),

final as (

    select
        cluster_date,
        issue_id,
        arg_max(leads_to, len(trail)) as leads_to
    from walked
    group by cluster_date, issue_id

)

select * from final
