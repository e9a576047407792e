-- One row per model without a profile (a profile without a model fails its own test).

with

models as (

    select * from {{ ref('models') }}

),

model_profile as (

    select * from {{ ref('model_profile') }}

),

final as (

    select models.model_id
    from models
    left join model_profile on models.model_id = model_profile.model_id
    where model_profile.model_id is null

)

select * from final
