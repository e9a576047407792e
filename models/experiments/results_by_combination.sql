-- Which concepts go well together: how the essays of each combination fared.
with

scores as (

    select * from {{ ref('scores') }}

),

combinations as (

    select * from {{ ref('content_combinations') }}

),

summed as (

    select
        combo_id,
        {{ score_summary() }}
    from scores
    group by combo_id

),

final as (

    select
        summed.*,
        combinations.concept_ids
    from summed
    inner join combinations on summed.combo_id = combinations.combo_id

)

select * from final
