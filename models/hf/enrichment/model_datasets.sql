{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['datasets'],
        post_hook=[
            "{{ delete_vanished(source('bronze', 'hf_model_datasets'), ['model_id', 'dataset_id']) }}",
            "{{ create_index('idx_model_datasets_dataset_id', 'dataset_id') }}",
        ],
    )
}}

-- depends_on: {{ ref('datasets') }}

with

pairs as (

    select * from {{ ref('stg_hf__dataset_pairs') }}

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        pairs.model_id,
        pairs.dataset_id,
        pairs.observed_at as created_at
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            pairs.model_id = known.model_id
            and pairs.dataset_id = known.dataset_id
    where known.model_id is null
    {%- endif %}

)

select * from final
