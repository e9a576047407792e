{# dbt's part in the journal (assay/warehouse/journal.py): on-run-start and on-run-end write a row of
   ops.pipeline_steps. Node names are ours; messages, which may quote what was scraped, stay out of
   the SQL and in the log. Only DuckDB has the journal. #}

{% macro is_journaled() -%}
    {{ return(
        execute and target.type == 'duckdb' and (target.path != ':memory:' or is_lake())
        and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'test')
    ) }}
{%- endmacro %}

{# That dbt has begun. Whoever holds the warehouse is the only dbt, so that another one that still
   says `running` was killed. #}
{% macro journal_begins() -%}
    {%- if is_journaled() -%}
        update ops.pipeline_steps set status = 'killed' where status = 'running' and kind = 'dbt';
        insert into ops.pipeline_steps values (
            '{{ invocation_id }}',
            '{{ only_word_characters(env_var("ASSAY_RUN_ID", invocation_id)) }}',
            'dbt', '{{ flags.WHICH }}', 'running',
            '{{ run_started_at.isoformat() }}', null, [], [], '{}', null
        )
    {%- endif -%}
{%- endmacro %}

{# How dbt ended: nodes by status, and the names of those that failed. #}
{% macro journal_ends(results) -%}
    {%- if is_journaled() -%}
        {%- set counts = {} -%}
        {%- set failed = [] -%}
        {%- for result in results -%}
            {%- set status = result.status | string -%}
            {%- do counts.update({status: counts.get(status, 0) + 1}) -%}
            {%- if status in ('error', 'fail', 'runtime error') -%}
                {%- do failed.append(only_word_characters(result.node.name)) -%}
            {%- endif -%}
        {%- endfor -%}
        update ops.pipeline_steps
        set
            status = '{{ "failed" if failed else "done" }}',
            finished_at = '{{ modules.datetime.datetime.now(modules.pytz.utc).isoformat() }}',
            counts = '{{ tojson(counts, sort_keys=true) }}',
            error = {{ "'" ~ (failed[:5] | join(', ')) ~ "'" if failed else 'null' }}
        where step_id = '{{ invocation_id }}'
        {%- if is_lake() %};
        insert into ops.run_snapshots
        select
            '{{ only_word_characters(env_var("ASSAY_RUN_ID", invocation_id)) }}',
            '{{ invocation_id }}',
            max(snapshot_id),
            now()
        from ducklake_snapshots('{{ target.database }}')
        {%- endif %}
    {%- endif -%}
{%- endmacro %}

{# A name of our own without anything that SQL could take for more. #}
{% macro only_word_characters(text) -%}
    {{ return(modules.re.sub('[^A-Za-z0-9_.:-]', '_', text)) }}
{%- endmacro %}
