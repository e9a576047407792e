-- Models that were asked for by name and are not to be had, each as it was last asked for. An
-- answer that says nothing of the model, as of a name that the Hub does not take, is none; nor is
-- what was withdrawn.
with

task_listings as (

    select * from {{ ref('int_hf__listings') }}
    where is_accepted

),

hf_models as (

    select * from {{ ref('int_hf__public_models') }}

),

ordered as (

    select
        hf_models.model_id,
        hf_models.reason,
        hf_models.observed_at,
        row_number() over (
            partition by hf_models.model_id
            order by hf_models.observed_at desc, hf_models.task_id asc, hf_models.seq desc
        ) as recency
    from hf_models
    inner join task_listings
        on
            hf_models.task_id = task_listings.task_id
            and hf_models.run_id = task_listings.run_id
    where hf_models.reason in ('not_found', 'private', 'gated', 'disabled')

),

final as (

    select
        model_id,
        reason,
        observed_at
    from ordered
    where recency = 1

)

select * from final
