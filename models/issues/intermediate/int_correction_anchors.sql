-- By which posts an issue that people corrected is known again, should its id be another one some
-- day: days that are made anew by other rules, or from another first day on, have other ids. Kept
-- for ever: the posts are those of the last day that had the issue under the id that was written.
{{ config(
    materialized='incremental',
    unique_key='named_issue_id',
    incremental_strategy='delete+insert',
    full_refresh=false,
) }}

with

said as (

    select
        issue_id,
        kind,
        lower(value) as value  -- noqa: RF04
    from {{ ref('stg_file_corrections') }}
    union all
    select
        issue_id,
        kind,
        lower(value) as value  -- noqa: RF04
    from {{ ref('stg_page_corrections') }}

),

named as (

    select issue_id as named_issue_id from said
    union
    select value as named_issue_id from said
    where kind = 'merge'

),

last_days as (

    select
        identities.cluster_date,
        identities.cluster_id,
        named.named_issue_id
    from named
    inner join {{ ref('int_issue_identities') }} as identities
        on named.named_issue_id = identities.issue_id
    qualify
        row_number() over (
            partition by named.named_issue_id order by identities.cluster_date desc
        ) = 1

),

final as (

    select
        last_days.named_issue_id,
        members.url_hash,
        last_days.cluster_date as found_on
    from last_days
    inner join {{ ref('int_cluster_members') }} as members
        on
            last_days.cluster_date = members.cluster_date
            and last_days.cluster_id = members.cluster_id
    where not members.is_outlier

)

select * from final
