-- Which listings show a model now: those of tasks, filters and authors, and names that were asked
-- for. A listing's last reading replaces its rows whole; one that was not read this time keeps its
-- last. Built before hf.model_rank_daily, which takes older listings out of bronze.

{{
    config(
        materialized='incremental',
        unique_key='listing_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        full_refresh=false,
        post_hook=[
            "delete from {{ this }} where listing_id in (
                select task_id from {{ ref('int_hf__listings') }}
                where is_latest and (models = 0 or not is_present)
            )",
            "{{ mark_current_models() }}",
            "{{ create_index('idx_model_listings_listing_id', 'listing_id, rank_in_listing') }}",
        ],
    )
}}

-- depends_on: {{ ref('models') }}

with

ranks as (

    select
        *,
        min(observed_at) over (partition by task_id, model_id) as first_observed_at
    from {{ ref('int_hf__ranks') }}

),

final as (

    select
        ranks.model_id,
        ranks.task_id as listing_id,
        ranks.kind as listing_kind,
        case
            when ranks.kind in ('task', 'all') then ranks.task_id
            else substr(ranks.task_id, length(ranks.kind) + 2)
        end as listing_name,
        ranks.rank_in_task as rank_in_listing,
        least(
            {{ 'known.created_at,' if is_incremental() }}
            ranks.first_observed_at
        ) as created_at,
        ranks.observed_at as last_seen_at
    from ranks
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            ranks.model_id = known.model_id
            and ranks.task_id = known.listing_id
    {%- endif %}
    where ranks.is_present

)

select * from final
