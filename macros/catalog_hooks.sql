{# What the tables of the catalog do beside taking rows in: history under the names of today, what is
   withdrawn, and what bronze need not keep. All are hooks (docs/decisions/present-and-history.md). #}

{# The tables of hf that hang on a model, with the columns that make a row of theirs one of a kind. #}
{% macro tables_of_models() -%}
    {{ return({
        'model_tasks': ['task_id'],
        'model_listings': ['listing_id'],
        'model_stats_daily': ['observed_on'],
        'model_rank_daily': ['task_id', 'observed_on'],
        'model_datasets': ['dataset_id'],
        'model_articles': ['arxiv_id'],
        'model_base_models': ['base_model_id', 'relation'],
        'model_keywords': ['keyword_id'],
        'model_licenses': ['license_id'],
    }) }}
{%- endmacro %}

{# Those that every build makes anew. #}
{% macro tables_made_of_models() -%}
    {{ return(['model_profile', 'model_lineage']) }}
{%- endmacro %}

{# The relations of these names in a schema that are there. #}
{% macro relations_there(schema, names) -%}
    {%- set found = {} -%}
    {%- for name in names -%}
        {%- set relation = adapter.get_relation(this.database, schema, name) -%}
        {%- if relation is not none -%}
            {%- do found.update({name: relation}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# The tables of bronze of these names, to take rows from. In a lake a name can be that of a view, of
   a table of the rows of every run (assay/warehouse/appended.py). #}
{% macro bronze_tables_there(names) -%}
    {%- set schema = source('bronze', 'hf_models').schema -%}
    {%- set found = relations_there(schema, names) -%}
    {%- if is_lake() -%}
        {%- for name in names -%}
            {%- set of_runs = adapter.get_relation(this.database, schema, name ~ '_by_run') -%}
            {%- if of_runs is not none -%}
                {%- do found.update({name: of_runs}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.values() | list) }}
{%- endmacro %}

{# As a pre-hook of hf.models: takes out, of every layer, what turned private, or was gone for good,
   after it was last seen. #}
{% macro forget_withdrawn() -%}
    {%- set bronze = source('bronze', 'hf_models').schema -%}
    {%- set withdrawn = adapter.get_relation(this.database, bronze, 'hf_withdrawn') if execute -%}
    {%- if withdrawn is not none and is_incremental() -%}
    {%- set goes -%}
        select known.model_id
        from {{ this }} as known
        inner join {{ withdrawn }} as withdrawn
            on
                withdrawn.observed_at >= known.last_synced_at
                and (
                    withdrawn.hub_id = known.hub_id
                    or (
                        withdrawn.digest = md5(known.model_id)
                        and (withdrawn.hub_id is null or known.hub_id is null)
                    )
                )
    {%- endset -%}
    {%- if run_query(goes ~ ' limit 1').rows | length > 0 -%}
        {%- set tables = (tables_of_models() | list) + tables_made_of_models() + ['model_names', 'rejected'] -%}
        {%- for table in relations_there(this.schema, tables).values() %}
            delete from {{ table }} where model_id in ({{ goes }});
        {%- endfor %}
        {%- set mappings = tables_of_models() | map('replace', 'model_', 'hf_model_', 1) | list -%}
        {%- for table in bronze_tables_there(mappings + ['hf_without_references', 'hf_rejected']) %}
            delete from {{ table }} where model_id in ({{ goes }});
        {%- endfor %}
        delete from {{ source('bronze', 'hf_models') }} where model_id in ({{ goes }});
        delete from {{ source('bronze', 'hf_task_listings') }}
        where task_id like 'name:%' and substr(task_id, 6) in ({{ goes }});
        delete from {{ this }} where model_id in ({{ goes }})
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# As a post-hook of hf.models: what hangs on a former name of a model moves to the name of today, and
   the row of the former name goes. Bronze's mappings are renamed too, where the model was not looked
   at since under its new name. #}
{% macro follow_renames() -%}
    {%- if execute and is_incremental() -%}
    {%- set renames = ref('model_renames') -%}
    {%- set pending -%}
        select
            renamed.old_id,
            renamed.model_id
        from {{ renames }} as renamed
        inner join {{ this }} as known
            on
                renamed.old_id = known.model_id
                and (
                    renamed.hub_id = known.hub_id
                    or (known.hub_id is null and not renamed.is_reused)
                )
    {%- endset -%}
    {%- if run_query(pending ~ ' limit 1').rows | length > 0 -%}
        {%- for name, table in relations_there(this.schema, tables_of_models()).items() %}
            update {{ table }} as moved
            set model_id = renamed.model_id
            from ({{ pending }}) as renamed
            where
                moved.model_id = renamed.old_id
                and not exists (
                    select 1
                    from {{ table }} as there
                    where
                        there.model_id = renamed.model_id
                        {%- for column in tables_of_models()[name] %}
                        and there.{{ column }} = moved.{{ column }}
                        {%- endfor %}
                );
        {%- endfor %}
        {%- for table in relations_there(this.schema, (tables_of_models() | list) + tables_made_of_models()).values() %}
            delete from {{ table }} where model_id in (select old_id from ({{ pending }}) as renamed);
        {%- endfor %}
        {%- set mappings = tables_of_models() | map('replace', 'model_', 'hf_model_', 1) | list -%}
        {%- for table in bronze_tables_there(mappings) %}
            update {{ table }} as moved
            set model_id = renamed.model_id
            from ({{ pending }}) as renamed
            where
                moved.model_id = renamed.old_id
                and renamed.model_id not in (select model_id from {{ table }});
            delete from {{ table }} where model_id in (select old_id from ({{ pending }}) as renamed);
        {%- endfor %}
        delete from {{ this }} where model_id in (select old_id from ({{ pending }}) as renamed);
    {%- endif -%}
    {%- if run_query('select 1 from ' ~ renames ~ ' where is_reused limit 1').rows | length > 0 -%}
        {%- for name, table in relations_there(this.schema, ['model_stats_daily', 'model_rank_daily']).items() %}
            -- Another repository has the name now; the days of before are of the one that had it then.
            update {{ table }} as moved
            set model_id = renamed.model_id
            from {{ renames }} as renamed
            where
                renamed.is_reused
                and moved.model_id = renamed.old_id
                and moved.observed_on
                between cast(renamed.first_seen_at at time zone 'UTC' as date)
                and cast(renamed.last_seen_at at time zone 'UTC' as date)
                and not exists (
                    select 1
                    from {{ table }} as there
                    where
                        there.model_id = renamed.model_id
                        {%- for column in tables_of_models()[name] %}
                        and there.{{ column }} = moved.{{ column }}
                        {%- endfor %}
                );
        {%- endfor %}
    {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# As a post-hook of hf.models: an older listing, loaded later, may have shown a model before. Models
   that no build has marked yet are not listed; hf.model_listings marks them again. #}
{% macro first_seen_earlier() -%}
    {%- if is_incremental() -%}
        update {{ this }} as known
        set created_at = earlier.observed_at
        from (
            select
                model_id,
                min(observed_at) as observed_at
            from {{ ref('int_hf__ranks') }}
            group by model_id
        ) as earlier
        where known.model_id = earlier.model_id and earlier.observed_at < known.created_at;
        update {{ this }} set is_current = false where is_current is null;
        update {{ this }} set presence = 'unknown' where presence is null;
        update {{ this }} set is_private = false where is_private is null
    {%- endif -%}
{%- endmacro %}

{# As a post-hook of hf.models: which models were not there when they were last asked for by name. Who
   has been seen since is there. #}
{% macro mark_gone_models() -%}
    update {{ this }} as known
    set gone_at = absent.observed_at, gone_reason = absent.reason
    from {{ ref('int_hf__absences') }} as absent
    where
        known.model_id = absent.model_id
        and absent.observed_at > known.last_synced_at
        and (known.gone_at is null or known.gone_at < absent.observed_at);
    update {{ this }} set gone_at = null, gone_reason = null where gone_at <= last_synced_at
{%- endmacro %}

{# As a post-hook of hf.model_listings: which models are listed now, and what is known of the others:
   gone, there by name when last asked for, or not asked for since. #}
{% macro mark_current_models() -%}
    update {{ ref('models') }} set is_current = true
    where not is_current and model_id in (select model_id from {{ this }});
    update {{ ref('models') }} set is_current = false
    where is_current and model_id not in (select model_id from {{ this }});
    {%- set presence -%}
        case
            when is_current then 'listed'
            when gone_at is not null then 'gone'
            when last_seen_in = 'followed' then 'fallen_out'
            else 'unknown'
        end
    {%- endset %}
    update {{ ref('models') }} set presence = {{ presence }}
    where presence is distinct from {{ presence }}
{%- endmacro %}

{# As a post-hook of hf.model_rank_daily: since when a day shows a model, by its earlier listings. #}
{% macro first_ranked_earlier() -%}
    update {{ this }} as known
    set first_observed_at = earlier.observed_at
    from (
        select
            model_id,
            task_id,
            cast(observed_at at time zone 'UTC' as date) as observed_on,
            min(observed_at) as observed_at
        from {{ ref('int_hf__ranks') }}
        group by 1, 2, 3
    ) as earlier
    where
        known.model_id = earlier.model_id
        and known.task_id = earlier.task_id
        and known.observed_on = earlier.observed_on
        and earlier.observed_at < known.first_observed_at
{%- endmacro %}

{# As a post-hook of hf.model_rank_daily: the listings that are not the last of their task and that
   all history has been taken from leave bronze. What a build did not get to stays until one does. #}
{% macro delete_listings_taken() -%}
    delete from {{ source('bronze', 'hf_models') }}
    where exists (
        select 1
        from (
            select
                task_id,
                run_id
            from {{ ref('int_hf__listings') }}
            where is_accepted and not is_latest
            except
            select
                ranks.task_id,
                ranks.run_id
            from {{ ref('int_hf__ranks') }} as ranks
            left join {{ ref('model_stats_daily') }} as known
                on
                    ranks.model_id = known.model_id
                    and cast(ranks.observed_at at time zone 'UTC' as date) = known.observed_on
            where known.model_id is null
        ) as taken
        where
            taken.task_id = {{ source('bronze', 'hf_models').identifier }}.task_id
            and taken.run_id = {{ source('bronze', 'hf_models').identifier }}.run_id
    )
{%- endmacro %}

{# As a post-hook of hf.model_rank_daily, after hf.tasks: of a task's pages the last one stays in
   bronze. #}
{% macro delete_older_task_pages() -%}
    delete from {{ source('bronze', 'hf_tasks') }}
    where exists (
        select 1
        from {{ source('bronze', 'hf_tasks') }} as later
        where
            later.task_id = {{ source('bronze', 'hf_tasks').identifier }}.task_id
            and later.observed_at > {{ source('bronze', 'hf_tasks').identifier }}.observed_at
    )
{%- endmacro %}
