{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['licenses'],
        post_hook=[
            "{{ delete_vanished(source('bronze', 'hf_model_licenses'), ['model_id', 'license_id']) }}",
            "{{ create_index('idx_model_licenses_license_id', 'license_id') }}",
        ],
    )
}}

-- depends_on: {{ ref('licenses') }}

with

pairs as (

    select * from {{ ref('stg_hf__license_pairs') }}

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        pairs.model_id,
        pairs.license_id,
        pairs.observed_at as created_at
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            pairs.model_id = known.model_id
            and pairs.license_id = known.license_id
    where known.model_id is null
    {%- endif %}

)

select * from final
