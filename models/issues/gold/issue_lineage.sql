-- Splits and merges: which issue came out of which, and when.
with

identities as (

    select * from {{ ref('stg_issue_identities') }}

),

relations as (

    select
        cluster_date,
        unnest(relations) as relation
    from identities

),

final as (

    select distinct
        relation.from_issue as from_issue_id,
        relation.to_issue as to_issue_id,
        relation.kind as kind,
        cluster_date as happened_on
    from relations

)

select * from final
