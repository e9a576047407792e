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
        summed.combo_id,
        combinations.concept_ids,
        summed.* exclude (combo_id)
    from summed
    inner join combinations on summed.combo_id = combinations.combo_id

)

select * from final
