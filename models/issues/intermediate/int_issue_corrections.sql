-- What people say of each issue itself, one thing of each kind. What an issue is about, and that it
-- is nothing to look at, is also said of the parts that split from it afterwards, unless something
-- else is said of them.
with recursive

said as (

    select * from {{ ref('int_corrections') }}
    where state = 'in_force' and about not in ('merge', 'split_off')

),

related as (

    select
        cluster_date,
        unnest(relations) as relation
    from {{ ref('int_issue_identities') }}

),

splits as (

    select
        related.cluster_date as happened_on,
        related.relation.from_issue,
        related.relation.to_issue
    from related
    where related.relation.kind = 'split'

),

reached as (

    select
        correction_id,
        issue_id,
        list_value(issue_id) as trail
    from said
    union all
    select
        reached.correction_id,
        splits.to_issue as issue_id,
        list_append(reached.trail, splits.to_issue) as trail
    from reached
    inner join said on reached.correction_id = said.correction_id
    inner join splits on reached.issue_id = splits.from_issue
    where
        said.about in ('category', 'mute', 'no_problem')
        and splits.happened_on >= cast(said.made_at as date)
        and not list_contains(reached.trail, splits.to_issue)

),

nearest as (

    select
        reached.issue_id,
        said.about,
        said.kind,
        said.value,
        said.who,
        said.why,
        said.made_at,
        said.said_as,
        reached.correction_id,
        said.issue_id as said_of_issue_id
    from reached
    inner join said on reached.correction_id = said.correction_id
    qualify
        row_number() over (
            partition by reached.issue_id, said.about
            order by len(reached.trail) asc, said.said_as desc
        ) = 1

),

final as (

    select
        issue_id,
        kind,
        value,  -- noqa: RF04
        who,
        why,
        correction_id,
        said_of_issue_id,
        said_as,
        made_at
    from nearest
    where kind <> 'revoke'

)

select * from final
