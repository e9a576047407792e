{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['base_models'],
        post_hook=[
            "{{ delete_vanished(source('bronze', 'hf_model_base_models'), ['model_id', 'base_model_id', 'relation']) }}",
            "{{ create_index('idx_model_base_models_base_model_id', 'base_model_id') }}",
        ],
    )
}}

-- depends_on: {{ ref('base_models') }}

with

pairs as (

    select * from {{ ref('stg_hf__base_model_pairs') }}

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        pairs.model_id,
        pairs.base_model_id,
        pairs.relation,
        pairs.observed_at as created_at
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            pairs.model_id = known.model_id
            and pairs.base_model_id = known.base_model_id
            and pairs.relation = known.relation
    where known.model_id is null
    {%- endif %}

)

select * from final
