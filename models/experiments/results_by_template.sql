-- How the essays of each pair of templates fared, over all and by the template that judged.
with

scores as (

    select * from {{ ref('scores') }}

),

by_judge as (

    select
        link_template_id,
        essay_template_id,
        evaluation_template_id,
        round(avg(score), 4) as mean_score
    from scores
    group by link_template_id, essay_template_id, evaluation_template_id

),

pivoted as (

    select
        link_template_id,
        essay_template_id,
        {{ scores_by('evaluation_template_id') }} as score_by_evaluation_template
    from by_judge
    group by link_template_id, essay_template_id

),

summed as (

    select
        link_template_id,
        essay_template_id,
        {{ score_summary() }}
    from scores
    group by link_template_id, essay_template_id

),

final as (

    select
        summed.*,
        pivoted.score_by_evaluation_template
    from summed
    inner join pivoted
        on
            summed.link_template_id = pivoted.link_template_id
            and summed.essay_template_id = pivoted.essay_template_id

)

select * from final
