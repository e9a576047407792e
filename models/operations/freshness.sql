{#- What a pipeline brings, and how old it may be in hours: as the sources' own thresholds say. -#}
{%- set catalog_hours, posts_hours, enrichment_hours = 36, 36, 720 -%}
{%- set fetched = {'fetched_at': 'timestamptz', 'observed_at': 'timestamptz'} -%}
-- A view, since an age grows without a build. What no pipeline has brought yet has no row.
with

brought as (

    select
        'hf_catalog' as pipeline,
        'models' as part,
        {{ catalog_hours }} as expected_hours,
        count(*) as row_count,
        max(observed_at) as loaded_at,
        max(last_modified) as newest_at
    from {{ source_or_empty(
        source('bronze', 'hf_models'), {'observed_at': 'timestamptz', 'last_modified': 'timestamptz'}
    ) }}
    {%- for part, entity in var('hf_entities').items() %}

        union all

        select
            'hf_enrichment' as pipeline,
            '{{ part }}' as part,
            {{ enrichment_hours }} as expected_hours,
            count(*) as row_count,
            max(observed_at) as loaded_at,
            max(fetched_at) as newest_at
        from {{ source_or_empty(source('bronze', entity.bronze), fetched) }}
    {%- endfor %}

    union all

    select
        'issues' as pipeline,
        source as part,
        {{ posts_hours }} as expected_hours,
        cast(sum(items) as bigint) as row_count,
        max(collected_at) as loaded_at,
        max(window_end) as newest_at
    from {{ source_or_empty(source('bronze', 'collected_windows'), {
        'source': 'varchar', 'items': 'bigint', 'collected_at': 'timestamptz', 'window_end': 'timestamptz',
    }) }}
    group by source

),

final as (

    select
        pipeline,
        part,
        row_count,
        expected_hours,
        loaded_at,
        newest_at,
        round((epoch(current_timestamp) - epoch(loaded_at)) / 3600, 1) as age_hours,
        loaded_at >= current_timestamp - to_hours(expected_hours) as is_fresh
    from brought
    where row_count > 0

)

select * from final
