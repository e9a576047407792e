-- What was found to be private or gone for good, by marks without a name: the Hub's own id, and the
-- name's digest.

{{ config(materialized='ephemeral') }}

with

hf_withdrawn as (

    select loaded.* from {{ source_or_empty(source('bronze', 'hf_withdrawn'), {
        'digest': 'text', 'hub_id': 'text', 'reason': 'text', 'observed_at': 'timestamptz',
    }) }} as loaded

),

final as (

    select
        digest,
        hub_id,
        max(observed_at) as observed_at
    from hf_withdrawn
    group by digest, hub_id

)

select * from final
