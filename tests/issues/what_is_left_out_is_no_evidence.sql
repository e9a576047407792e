-- One row per post that silver.post_kinds leaves out and that is a problem or evidence after all.
{{ config(enabled = target.type == 'duckdb') }}

with

post_kinds as (

    select * from {{ ref('post_kinds') }}
    where left_out is not null

),

problems as (

    select * from {{ ref('problems') }}
    where is_problem

),

cluster_assignments as (

    select * from {{ ref('cluster_assignments') }}

),

final as (

    select
        post_kinds.url_hash,
        post_kinds.left_out
    from post_kinds
    left join problems on post_kinds.url_hash = problems.url_hash
    left join cluster_assignments on post_kinds.url_hash = cluster_assignments.url_hash
    where problems.url_hash is not null or cluster_assignments.url_hash is not null

)

select * from final
