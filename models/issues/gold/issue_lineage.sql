-- Splits and merges, found and made by hand: which issue came out of which, and when.
with

identities as (

    select * from {{ ref('int_issue_identities') }}

),

relations as (

    select
        identities.cluster_date as happened_on,
        unnest(identities.relations) as relation
    from identities

),

named as (

    select
        relations.relation.from_issue,
        relations.relation.to_issue,
        relations.relation.kind,
        relations.happened_on
    from relations

),

groups as (

    select * from {{ ref('int_corrected_groups') }}

),

-- Under the ids that people gave them: an issue that ended is looked up on its last day.
corrected as (

    select
        named.kind,
        named.happened_on,
        from_groups.issue_id as from_issue_id,
        to_groups.issue_id as to_issue_id
    from named
    inner join groups as from_groups
        on
            named.from_issue = from_groups.machine_issue_id
            and named.happened_on >= from_groups.cluster_date
    inner join groups as to_groups
        on
            named.to_issue = to_groups.machine_issue_id
            and named.happened_on = to_groups.cluster_date
    qualify
        row_number() over (
            partition by named.from_issue, named.to_issue, named.kind, named.happened_on
            order by from_groups.cluster_date desc
        ) = 1

),

by_hand as (

    select
        corrections.issue_id as from_issue_id,
        cast(any_value(corrections.made_at) as date) as happened_on,
        arg_max(leads.leads_to, leads.cluster_date) as to_issue_id
    from {{ ref('int_corrections') }} as corrections
    inner join {{ ref('int_issue_leads') }} as leads on corrections.issue_id = leads.issue_id
    where corrections.state = 'in_force' and corrections.kind = 'merge'
    group by corrections.issue_id

),

told as (

    select
        from_issue_id,
        to_issue_id,
        kind,
        happened_on
    from corrected
    union
    select
        from_issue_id,
        to_issue_id,
        'merge_by_hand' as kind,
        happened_on
    from by_hand

),

-- Of an issue of which every post was split off there is nothing to tell.
final as (

    select told.*
    from told
    where
        told.from_issue_id <> told.to_issue_id
        and told.to_issue_id in (select issues.issue_id from {{ ref('issues') }} as issues)

)

select * from final
