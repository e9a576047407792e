-- What moved most in each task: so many that rose, fell, came and left for each span of days.
with

seen as (

    select movers.*
    from hf.model_movers as movers
    inner join hf.models on movers.model_id = models.model_id
    where models.is_private is not true and models.presence <> 'gone'

),

placed as (

    select
        seen.*,
        row_number() over (
            partition by task_id, span_days, listing
            order by
                growth desc nulls last, coalesce(rank_in_task, rank_before), model_id collate "C"
        ) as from_top,
        row_number() over (
            partition by task_id, span_days, listing
            order by growth asc nulls last, rank_in_task, model_id collate "C"
        ) as from_bottom
    from seen

)

select
    task_id,
    span_days,
    model_id,
    case
        when listing <> 'stayed' then listing
        when growth < 0 then 'fell'
        else 'rose'
    end as movement,
    rank_in_task,
    rank_before,
    downloads,
    downloads_before,
    likes,
    likes_before,
    growth,
    observed_on,
    compared_with
from placed
where
    (listing <> 'stayed' and from_top <= %s)
    or (listing = 'stayed' and growth > 0 and from_top <= %s)
    or (listing = 'stayed' and growth < 0 and from_bottom <= %s)
order by task_id collate "C", span_days, growth desc nulls last, model_id collate "C"
