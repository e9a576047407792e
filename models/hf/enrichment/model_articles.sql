{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        full_refresh=false,
        tags=['articles'],
        post_hook=[
            "{{ delete_vanished(source('bronze', 'hf_model_articles'), ['model_id', 'arxiv_id']) }}",
            "{{ create_index('idx_model_articles_arxiv_id', 'arxiv_id') }}",
        ],
    )
}}

-- depends_on: {{ ref('articles') }}

with

-- The model card template cites the leftover; it is the paper of none of the models that carry it.
pairs as (

    select *
    from {{ ref('stg_hf__article_pairs') }}
    where not is_template_leftover

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        pairs.model_id,
        pairs.arxiv_id,
        pairs.observed_at as created_at
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            pairs.model_id = known.model_id
            and pairs.arxiv_id = known.arxiv_id
    where known.model_id is null
    {%- endif %}

)

select * from final
