-- How far two judges agree who scored the same essays. A judge is a model with a template.
with

scores as (

    select
        essay_task_id,
        evaluation_template_id,
        evaluation_model_id,
        score
    from {{ ref('scores') }}
    where score is not null

),

pairs as (

    select
        first_scores.evaluation_model_id as first_model_id,
        first_scores.evaluation_template_id as first_template_id,
        second_scores.evaluation_model_id as second_model_id,
        second_scores.evaluation_template_id as second_template_id,
        first_scores.score as first_score,
        second_scores.score as second_score
    from scores as first_scores
    inner join scores as second_scores
        on
            first_scores.essay_task_id = second_scores.essay_task_id
            and (first_scores.evaluation_model_id, first_scores.evaluation_template_id)
            < (second_scores.evaluation_model_id, second_scores.evaluation_template_id)

),

ranked as (

    -- Equal scores share the mean of their places, as Spearman's rank correlation wants it.
    select
        *,
        rank() over (pair order by first_score)
        + (count(*) over (pair_first) - 1) / 2 as first_rank,
        rank() over (pair order by second_score)
        + (count(*) over (pair_second) - 1) / 2 as second_rank
    from pairs
    window
        pair as (
            partition by first_model_id, first_template_id, second_model_id, second_template_id
        ),
        pair_first as (
            partition by
                first_model_id, first_template_id, second_model_id, second_template_id, first_score
        ),
        pair_second as (
            partition by
                first_model_id, first_template_id, second_model_id, second_template_id, second_score
        )

),

final as (

    select
        first_model_id,
        first_template_id,
        second_model_id,
        second_template_id,
        case
            when first_model_id = second_model_id then 'template'
            when first_template_id = second_template_id then 'model'
            else 'both'
        end as differ_in,
        count(*) as essays,
        round(avg(abs(first_score - second_score)), 4) as mean_absolute_difference,
        round(avg(first_score - second_score), 4) as mean_difference,
        -- No order can be compared where one judge gave all the same score.
        case
            when stddev_pop(first_rank) > 0 and stddev_pop(second_rank) > 0
                then round(corr(first_rank, second_rank), 4)
        end as rank_correlation
    from ranked
    group by first_model_id, first_template_id, second_model_id, second_template_id

)

select * from final
