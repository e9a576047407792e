-- One row per correction that changes nothing: its issue or post is not known, it is not
-- understood, or there is nothing left that it would change. A warning, since a typing error must
-- stop no build.
{{ config(enabled = target.type == 'duckdb', severity = 'warn') }}

with

corrections as (

    select * from {{ ref('corrections') }}

)

select
    correction_id,
    state,
    state_because
from corrections
where state in ('unknown', 'refused', 'without_effect')
