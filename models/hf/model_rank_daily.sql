-- Who ranked where on each day, by the task's last listing of that day. The last step to read the
-- older listings of bronze: its hooks take out those that all history has been taken from.

{{
    config(
        materialized='incremental',
        unique_key=['task_id', 'observed_on'],
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        full_refresh=false,
        post_hook=[
            "{{ first_ranked_earlier() }}",
            "{{ delete_listings_taken() }}",
            "{{ delete_older_task_pages() }}",
        ],
    )
}}

-- depends_on: {{ ref('model_stats_daily') }}
-- depends_on: {{ ref('tasks') }}
-- depends_on: {{ ref('int_hf__listings') }}
-- depends_on: {{ ref('int_hf__ranks') }}
-- depends_on: {{ ref('model_listings') }}

with

ranks as (

    select
        *,
        cast(observed_at at time zone 'UTC' as date) as observed_on,
        first_value(run_id) over (
            partition by task_id, cast(observed_at at time zone 'UTC' as date)
            order by observed_at desc, run_id desc
        ) as last_run_id
    from {{ ref('int_hf__ranks') }}
    where kind = 'task'

),

models as (

    select * from {{ ref('models') }}

),

{% if is_incremental() -%}
known_listings as (

    select
        task_id,
        observed_on,
        max(observed_at) as observed_at
    from {{ this }}
    where observed_on in (select ranks.observed_on from ranks)
    group by task_id, observed_on

),
{%- endif %}

final as (

    select
        ranks.model_id,
        ranks.task_id,
        ranks.observed_on,
        ranks.rank_in_task,
        ranks.observed_at,
        {% if is_incremental() %}
            coalesce(known.first_observed_at, ranks.observed_at) as first_observed_at
        {% else %}
            ranks.observed_at as first_observed_at
        {% endif %}
    from ranks
    inner join models on ranks.model_id = models.model_id
    {%- if is_incremental() %}
    left join known_listings
        on
            ranks.task_id = known_listings.task_id
            and ranks.observed_on = known_listings.observed_on
    left join {{ this }} as known
        on
            ranks.model_id = known.model_id
            and ranks.task_id = known.task_id
            and ranks.observed_on = known.observed_on
    {%- endif %}
    where
        ranks.run_id = ranks.last_run_id
    {%- if is_incremental() %}
        and (
            known_listings.observed_at is null
            or ranks.observed_at >= known_listings.observed_at
        )
        {%- endif %}

)

select * from final
