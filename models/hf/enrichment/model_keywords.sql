{{
    config(
        materialized='incremental',
        unique_key=['model_id', 'keyword_id'],
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['keywords'],
        post_hook=[
            "{{ delete_vanished(source('bronze', 'hf_model_keywords'), ['model_id', 'keyword_id']) }}",
            "{{ create_index('idx_model_keywords_keyword_id', 'keyword_id') }}",
        ],
    )
}}

-- depends_on: {{ ref('keywords') }}

with

pairs as (

    select * from {{ ref('stg_hf__keyword_pairs') }}

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        pairs.model_id,
        pairs.keyword_id,
        pairs.kind,
        {% if is_incremental() %}
            coalesce(known.created_at, pairs.observed_at) as created_at
        {% else %}
            pairs.observed_at as created_at
        {% endif %}
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            pairs.model_id = known.model_id
            and pairs.keyword_id = known.keyword_id
    where known.model_id is null or pairs.kind <> known.kind
    {%- endif %}

)

select * from final
