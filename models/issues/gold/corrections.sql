-- Everything that people said to correct an issue, and what became of it.
with

corrections as (

    select * from {{ ref('int_corrections') }}

),

last_leads as (

    select
        issue_id,
        arg_max(leads_to, cluster_date) as leads_to
    from {{ ref('int_issue_leads') }}
    group by issue_id

),

split_off as (

    select distinct
        issue_id,
        unnest(split_off) as url_hash
    from {{ ref('int_corrected_groups') }}

),

last_day as (

    select max(cluster_date) as last_day from {{ ref('int_issue_identities') }}

),

followed as (

    select
        corrections.*,
        coalesce(last_leads.leads_to, corrections.issue_id) as leads_to_issue_id,
        case
            when corrections.state <> 'in_force' or corrections.kind = 'revoke' then null
            when corrections.kind = 'split_off' and split_off.url_hash is null
                then 'no day has the post in this issue'
            when
                corrections.kind not in ('merge', 'split_off')
                and last_leads.leads_to <> corrections.issue_id
                then concat('its posts are counted in the issue ', last_leads.leads_to)
        end as idle_because,
        if(
            corrections.state = 'in_force' and corrections.last_day < last_day.last_day,
            concat('the issue was last seen on ', corrections.last_day),
            null
        ) as ended_because
    from corrections
    cross join last_day
    left join last_leads on corrections.issue_id = last_leads.issue_id
    left join split_off
        on last_leads.leads_to = split_off.issue_id and corrections.url_hash = split_off.url_hash

),

final as (

    select
        correction_id,
        named_issue_id as issue_id,
        leads_to_issue_id,
        kind,
        value,  -- noqa: RF04
        post,
        url_hash,
        who,
        why,
        given_by,
        made_at,
        if(idle_because is null, state, 'without_effect') as state,
        coalesce(idle_because, state_because, ended_because) as state_because
    from followed

)

select * from final
