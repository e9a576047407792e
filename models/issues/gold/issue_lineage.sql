-- Splits and merges: which issue came out of which, and when.
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

final as (

    select distinct
        relations.relation.from_issue as from_issue_id,
        relations.relation.to_issue as to_issue_id,
        relations.relation.kind,
        relations.happened_on
    from relations

)

select * from final
