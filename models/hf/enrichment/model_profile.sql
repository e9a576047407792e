-- One wide row per model, for whoever just wants to look.

{{ config(materialized='table') }}

{#- a fact, the table that has one row for each, whose fact it is, and which rows count #}
{%- set facts = [
    ('task', 'model_tasks', 'model_id', 'true'),
    ('dataset', 'resolved_datasets', 'model_id', 'true'),
    ('article', 'model_articles', 'model_id', 'true'),
    ('keyword', 'model_keywords', 'model_id', 'true'),
    ('parent', 'model_lineage', 'model_id', 'depth = 1'),
    ('child', 'model_lineage', 'ancestor_id', 'depth = 1'),
    ('descendant', 'model_lineage', 'ancestor_id', 'true'),
] %}

-- depends_on: {{ ref('model_listings') }}

with

models as (

    select * from {{ ref('models') }}

),

licenses as (

    select * from {{ ref('licenses') }}

),

-- A data set that is named by its old and its new name is one.
resolved_datasets as (

    select distinct
        model_id,
        coalesce(resolved_id, dataset_id) as dataset_id
    from {{ ref('model_datasets') }}

),

-- What is counted is stacked and summed once: six joins of counts over all models would each hold
-- a table in memory.
facts as (

    {% for fact, table, key, condition in facts %}
        select
            {{ key }},
            '{{ fact }}' as fact,
            {{ 'rank_in_task' if fact == 'task' else 1 }} as place
        from {{ table if table == 'resolved_datasets' else ref(table) }}
        where {{ condition }}
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counts as (

    select
        model_id,
        min(case when fact = 'task' then place end) as best_rank,
        count(case when fact = 'task' then 1 end) as task_count,
        count(case when fact = 'dataset' then 1 end) as dataset_count,
        count(case when fact = 'article' then 1 end) as article_count,
        count(case when fact = 'keyword' then 1 end) as keyword_count,
        count(case when fact = 'parent' then 1 end) as parent_count,
        count(case when fact = 'child' then 1 end) as child_count,
        count(case when fact = 'descendant' then 1 end) as descendant_count
    from facts
    group by model_id

),

identified as (

    select * from {{ ref('int_hf__identified') }}

),

-- Who was made from a model is known when it was looked at what others were made from.
children_known as (

    select count(base_models_at) > 0 as are_known from identified

),

roots as (

    select
        model_id,
        root_id,
        depth
    from {{ ref('model_lineage') }}
    where ancestor_id = root_id

),

final as (

    select
        models.model_id,
        models.author,
        models.pipeline_tag,
        models.library_name,
        models.license,
        licenses.license_family,
        licenses.license_terms,
        roots.root_id,
        models.likes,
        models.downloads,
        counts.best_rank,
        roots.depth as steps_to_root,
        licenses.is_osi_approved,
        models.is_current,
        models.is_private,
        models.presence,
        models.gone_at,
        models.last_modified,
        models.last_synced_at,
        identified.identified_at,
        coalesce(counts.task_count, 0) as task_count,
        {#- Unknown is not nought. #}
        {%- for fact, entity in [
            ('dataset', 'datasets'), ('article', 'articles'), ('keyword', 'keywords'), ('parent', 'base_models'),
        ] %}
            case
                when
                    identified.{{ entity }}_at is not null
                    then coalesce(counts.{{ fact }}_count, 0)
            end as {{ fact }}_count,
        {%- endfor %}
        case when children_known.are_known then coalesce(counts.child_count, 0) end as child_count,
        case
            when children_known.are_known then coalesce(counts.descendant_count, 0)
        end as descendant_count
    from models
    cross join children_known
    left join identified on models.model_id = identified.model_id
    left join licenses on models.license = licenses.license_id
    left join counts on models.model_id = counts.model_id
    left join roots on models.model_id = roots.model_id

)

select * from final
