{# How a build writes on Postgres. Other people's views, materialized views, rights and foreign keys
   hang on our tables, and dbt's own way of making a table anew drops the old one with all that hangs
   on it. Here no table is ever dropped (docs/decisions/postgres-tables.md). #}

{# In place of dbt's materialization `table`. What is there already stays there and gets the new rows;
   whoever reads it sees the old rows until the new ones are all in. #}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do refuse_another_kind(existing, 'table') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is none %}
        {% call statement('main') -%}
            {{ get_create_table_as_sql(False, target_relation, sql) }}
        {%- endcall %}
        {% do create_indexes(target_relation) %}
    {% else %}
        {%- set new_rows = make_temp_relation(target_relation) -%}
        {% do run_query(get_create_table_as_sql(True, new_rows, sql)) %}
        {%- set columns = process_schema_changes('append_new_columns', new_rows, existing) -%}
        {% call statement('main') -%}
            {{ replace_rows(target_relation, new_rows, columns | map(attribute='name') | list) }}
        {%- endcall %}
    {% endif %}

    {% do apply_grants(target_relation, config.get('grants'), should_revoke=existing is not none) %}
    {% do persist_docs(target_relation, model) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# In place of dbt's materialization `view`, which drops the old one as well. New columns of a public
   view come last: Postgres takes no others into one that is there. #}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- do refuse_another_kind(existing, 'view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ get_create_view_as_sql(target_relation, sql) | replace('create view', 'create or replace view', 1) }}
    {%- endcall %}
    {% do apply_grants(target_relation, config.get('grants'), should_revoke=existing is not none) %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Stops the build where somebody else's view has the name of a table of ours, or the like. #}
{% macro refuse_another_kind(existing, kind) -%}
    {%- if existing is not none and existing.type != kind -%}
        {%- do exceptions.raise_compiler_error(
            existing ~ ' is a ' ~ existing.type ~ ' and should be a ' ~ kind
            ~ ': rename it or drop it, and build again'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{# A table's rows replaced by those of another one. A table with a primary key keeps the rows that are
   the same, so that nobody who reads it has to wait. The steps in between have none, nobody reads
   them meanwhile, and emptying them gives their space back at once. #}
{% macro replace_rows(target, source, columns) -%}
    {%- set keys = primary_key_columns() -%}
    {%- if keys -%}
        delete from {{ target }} as known
        where not exists (
            select 1
            from {{ source }} as new_rows
            where
            {%- for key in keys %}
                {{ 'and ' if not loop.first }}new_rows.{{ key }} = known.{{ key }}
            {%- endfor %}
        );
        {{ upsert(target, source, keys, columns) }}
    {%- else -%}
        truncate table {{ target }};
        insert into {{ target }} ({{ get_quoted_csv(columns) }})
        select {{ get_quoted_csv(columns) }}
        from {{ source }}
    {%- endif -%}
{%- endmacro %}

{# Rows inserted, or put in place of those with the same key where a value differs. `merge into`, which
   dbt would write, came with Postgres 15. #}
{% macro upsert(target, source, keys, columns) -%}
    {%- set values = columns | reject('in', keys) | list -%}
    insert into {{ target }} as known ({{ get_quoted_csv(columns) }})
    select {{ get_quoted_csv(columns) }}
    from {{ source }}
    on conflict ({{ get_quoted_csv(keys) }}) do
    {%- if values %} update set
        {%- for column in values %}
            {{ adapter.quote(column) }} = excluded.{{ adapter.quote(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    where {{ changed('known', 'excluded', values) }}
    {%- else %} nothing
    {%- endif -%}
{%- endmacro %}

{# The columns of the contract's primary key; none where it has none. #}
{% macro primary_key_columns() -%}
    {%- for constraint in model.constraints if constraint.type == 'primary_key' -%}
        {{ return(constraint.columns) }}
    {%- endfor -%}
    {{ return([]) }}
{%- endmacro %}

{# In place of dbt's own, for the incremental strategy `merge`. #}
{% macro postgres__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {{ upsert(target, source, keys, dest_columns | map(attribute='name') | list) }}
{%- endmacro %}

{# In place of dbt's own, which drops a look-up table at `--full-refresh`. #}
{% macro postgres__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- set there = adapter.get_columns_in_relation(old_relation) | map(attribute='name') | list -%}
    {%- for name in agate_table.column_names if name not in there %}
        {%- set inferred = adapter.convert_type(agate_table, agate_table.column_names.index(name)) -%}
        {%- set type = model.config.get('column_types', {}).get(name, inferred) -%}
        {%- do run_query('alter table ' ~ old_relation ~ ' add column ' ~ adapter.quote(name) ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- do adapter.truncate_relation(old_relation) -%}
    {{ return('truncate table ' ~ old_relation) }}
{%- endmacro %}

{# Stops a build on a Postgres that is too old, before it makes anything: dbt makes schemas first of
   all, then the hooks of on-run-start run. #}
{% macro refuse_old_postgres() -%}
    {%- if execute and target.type == 'postgres' -%}
        {%- set version = run_query("select current_setting('server_version_num')::int, current_setting('server_version')") -%}
        {%- if version.rows[0][0] < 140000 -%}
            {%- do exceptions.raise_compiler_error(
                'Postgres ' ~ version.rows[0][1] ~ ' is too old: 14 or newer is needed (see docs/postgres.md)'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# In place of dbt's own, which asks for no version. #}
{% macro postgres__create_schema(relation) -%}
    {%- do refuse_old_postgres() -%}
    {%- call statement('create_schema') -%}
        create schema if not exists {{ relation.without_identifier().include(database=False) }}
    {%- endcall -%}
{%- endmacro %}
