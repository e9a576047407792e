-- How the essays of each model that writes fared, over all and by the model that judged; what they
-- cost beside it.
with

scores as (

    select * from {{ ref('scores') }}

),

by_judge as (

    select
        generation_model_id,
        evaluation_model_id,
        round(avg(score), 4) as mean_score
    from scores
    group by generation_model_id, evaluation_model_id

),

pivoted as (

    select
        generation_model_id,
        {{ scores_by('evaluation_model_id') }} as score_by_evaluation_model
    from by_judge
    group by generation_model_id

),

summed as (

    select
        generation_model_id,
        {{ score_summary() }}
    from scores
    group by generation_model_id

),

costs as (

    select
        model_id,
        round(avg(cost_usd), 9) as cost_usd_per_essay
    from {{ ref('essay_responses') }}
    group by model_id

),

final as (

    select
        summed.*,
        costs.cost_usd_per_essay,
        pivoted.score_by_evaluation_model
    from summed
    inner join pivoted on summed.generation_model_id = pivoted.generation_model_id
    left join costs on summed.generation_model_id = costs.model_id

)

select * from final
