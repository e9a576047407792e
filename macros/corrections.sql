{# The files of one input, or no rows while no pipeline has observed inputs: issues are mined without
   them too. #}
{% macro input_or_empty(relation) -%}
    {%- set files = adapter.get_relation(this.database, relation.schema, 'input_files') if execute -%}
    {%- if execute and not relation.is_cte and files is none -%}
    (
        select cast(null as text) as csv_rows
        where false
    )
    {%- else -%}
    {{ relation }}
    {%- endif %}
{%- endmacro %}
