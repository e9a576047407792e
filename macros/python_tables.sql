{# Where dbt puts new rows before they are merged into an incremental table: asked by dbt-duckdb's own
   materialization, in place of its own macro of that name. That one names a temporary table, which a
   Python model cannot write (it has a connection of its own): it makes a real one in schema main and
   nothing ever drops it, so that each build left one per Python model. This one has a name that stays
   and is dropped by dbt when the rows are merged; what a killed build left is dropped first. #}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') -%}
    {%- if model.language != 'python' -%}
        {{ return({'relation': make_temp_relation(target_relation), 'temporary': true}) }}
    {%- endif -%}
    {%- set name = target_relation.identifier ~ '__dbt_new' -%}
    {%- set relation = target_relation.incorporate(path={'identifier': name}, type='table') -%}
    {%- do adapter.drop_relation(relation) -%}
    {{ return({'relation': relation, 'temporary': false}) }}
{%- endmacro %}
