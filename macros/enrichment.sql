{# What the models of the Hub's enrichment share (docs/decisions/enrichment-models.md). #}

{# A bronze table, or no rows of its columns while no pipeline has made it: hf_enrichment makes the
   tables of an entity when it first runs for it, and the catalog is built without it too.
   columns: type by name. #}
{% macro source_or_empty(relation, columns) -%}
    {%- if execute and not relation.is_cte and load_relation(relation) is none -%}
    (
        select
        {%- for column, type in columns.items() %}
            cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
        where false
    )
    {%- else -%}
    {{ relation if relation.is_cte else relation.include(database=false) }}
    {%- endif %}
{%- endmacro %}

{# The staging of a mapping: which models name which entities, as last identified. columns: type by
   name of what a row holds beside model_id. #}
{% macro staged_mapping(relation, columns) -%}
{%- set mapping = dict({'model_id': 'text'}, **columns) -%}
with

bronze_mapping as (

    select * from {{ source_or_empty(relation, dict(mapping, observed_at='timestamptz')) }} as loaded

),

final as (

    select
        {{ mapping | join(',\n        ') }},
        observed_at
    from bronze_mapping

)

select * from final
{%- endmacro %}

{# The staging of an entity: what its own source says. columns: type by name in bronze. renamed: the
   names that the tables for people use instead. derived: SQL for a column that is not taken as it is. #}
{% macro staged_entity(relation, columns, renamed={}, derived={}) -%}
{%- set every = {
    'enriched': 'boolean',
    'reason': 'text',
    'fetched_at': 'timestamptz',
    'observed_at': 'timestamptz',
} -%}
with

bronze_entity as (

    select * from {{ source_or_empty(relation, dict(columns, **every)) }} as loaded

),

final as (

    select
        {%- for column in columns %}
            {{ derived.get(column, column) }}
            {{- ' as ' ~ renamed.get(column, column) if column in derived or column in renamed }},
        {%- endfor %}
        reason,
        enriched,
        fetched_at,
        observed_at
    from bronze_entity

)

select * from final
{%- endmacro %}

{# A select of every entity of a kind: those that models name and those that its own source knows, with
   reason, enriched, fetched_at and seen_at, when a source was last read.
   mapping, entity: their staging. columns: those of the entity beside these four. fallbacks: SQL over
   the rows of the mapping for columns that the entity lacks while nobody has asked its source.
   not_asked: the reason to give then, as SQL that may use the fallbacks' names. #}
{% macro named_or_described(mapping, entity, key, columns, fallbacks={}, not_asked="'not_asked'") -%}
    select
        coalesce(named.{{ key }}, described.{{ key }}) as {{ key }},
        {%- for column in columns %}
            {% if column in fallbacks -%}
            coalesce(described.{{ column }}, named.{{ column }}) as {{ column }},
            {%- else -%}
            described.{{ column }},
            {%- endif %}
        {%- endfor %}
        described.fetched_at,
        case when described.{{ key }} is null then {{ not_asked }} else described.reason end as reason,
        coalesce(described.enriched, false) as enriched,
        greatest(described.observed_at, named.observed_at, described.fetched_at) as seen_at
    from (
        select
            {{ key }},
            {%- for column, expression in fallbacks.items() %}
                {{ expression }} as {{ column }},
            {%- endfor %}
            max(observed_at) as observed_at
        from {{ mapping }}
        group by {{ key }}
    ) as named
    full join {{ entity }} as described on named.{{ key }} = described.{{ key }}
{%- endmacro %}

{# The table of an entity that says no more than models and its own source do; the arguments are those
   of named_or_described. columns: all but the key and the times. #}
{% macro known_entity(mapping, entity, key, columns, fallbacks={}, not_asked="'not_asked'") -%}
{{ entity_config(key) }}
with

observed as (

    {{ named_or_described(
        mapping, entity, key, columns | reject('in', ['reason', 'enriched']) | list, fallbacks, not_asked
    ) }}

),

final as (

    {{ newest_known(key, columns) }}

)

select * from final
{%- endmacro %}

{# How the table of an entity is kept: rows are replaced by key, and none is ever lost. #}
{% macro entity_config(key) -%}
    {{ config(
        materialized='incremental',
        unique_key=key,
        incremental_strategy=upsert_strategy(),
        on_schema_change='append_new_columns',
        full_refresh=false,
    ) }}
{%- endmacro %}

{# The rows of an entity's table to write: reads `observed`. #}
{% macro newest_known(key, columns) -%}
    select
        observed.{{ key }},
        {%- for column in columns %}
            observed.{{ column }},
        {%- endfor %}
        observed.fetched_at,
        {{ entity_times(key, columns) }}
    from observed
    {{ unless_known_better(key) }}
{%- endmacro %}

{# The table of a mapping: the pairs of listed models. New pairs come, and those that bronze has no
   more go.
   staged: its staging; bronze: the name of its table there. keys: columns that make a pair, model_id
   first. value: a column of the pair that may change. keep: which pairs count, as SQL.
   resolved: SQL over the entity's row for what an id of it means; the mapping then has it beside the
   written id, as resolved_id. #}
{% macro known_mapping(staged, bronze, keys, value=none, keep='true', entity=none, resolved=none) -%}
{%- set value = 'resolved_id' if resolved else value %}
{{ config(
    materialized='incremental',
    unique_key=keys if value else none,
    incremental_strategy=upsert_strategy() if value else 'append',
    on_schema_change='append_new_columns',
    full_refresh=false,
    post_hook=[
        "{{ delete_vanished(source('bronze', '" ~ bronze ~ "'), " ~ keys ~ ") }}",
        "{{ create_index('idx_" ~ this.identifier ~ "_" ~ keys[1] ~ "', '" ~ keys[1] ~ "') }}",
    ],
) }}
with

pairs as (

    {% if resolved -%}
    select
        staged.*,
        coalesce({{ resolved }}, staged.{{ keys[1] }}) as resolved_id
    from {{ staged }} as staged
    left join {{ entity }} as entity on staged.{{ keys[1] }} = entity.{{ keys[1] }}
    {%- else -%}
    select *
    from {{ staged }}
    {%- endif %}
    where {{ keep }}

),

models as (

    select * from {{ ref('models') }}

),

final as (

    select
        {%- for column in keys + ([value] if value else []) %}
            pairs.{{ column }},
        {%- endfor %}
        {% if value and is_incremental() -%}
        coalesce(known.created_at, pairs.observed_at) as created_at
        {%- else -%}
        pairs.observed_at as created_at
        {%- endif %}
    from pairs
    -- A listing that shifted while it was read shows models that are not among its top ones.
    inner join models on pairs.model_id = models.model_id
    {%- if is_incremental() %}
    left join {{ this }} as known
        on
            {%- for key in keys %}
                {{ 'and ' if not loop.first }}pairs.{{ key }} = known.{{ key }}
            {%- endfor %}
    where known.model_id is null {{ 'or ' ~ changed('pairs', 'known', [value]) if value }}
    {%- endif %}

)

select * from final
{%- endmacro %}

{# As a post-hook of a mapping: takes out the pairs that bronze has no more. Bronze holds the pairs
   of every model as last identified; where its table is missing, nothing is known and all stays. #}
{% macro delete_vanished(pairs, keys) -%}
    {%- if is_incremental() and load_relation(pairs) is not none -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ pairs }} as pairs
        where
        {%- for key in keys %}
            {{ 'and ' if not loop.first }}pairs.{{ key }} = {{ this.identifier }}.{{ key }}
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}

{# The times of an entity: those at which the catalog or the entity's own source was read, so that
   building twice changes nothing. Reads `observed` and, from the second build on, `known`. #}
{% macro entity_times(key, columns) -%}
    {%- if is_incremental() -%}
    coalesce(known.created_at, observed.seen_at) as created_at,
        case
            when known.{{ key }} is null or {{ changed('observed', 'known', columns) }}
                then observed.seen_at
            else known.updated_at
        end as updated_at,
    {%- else -%}
    observed.seen_at as created_at,
        observed.seen_at as updated_at,
    {%- endif %}
        observed.seen_at as last_synced_at
{%- endmacro %}

{# From the second build on: which observed entities are taken. Nothing goes back to an older
   reading, and a passing failure does not undo what an earlier run had fetched. #}
{% macro unless_known_better(key) -%}
    {%- if is_incremental() -%}
    left join {{ this }} as known on observed.{{ key }} = known.{{ key }}
    where
        known.{{ key }} is null
        or (
            observed.seen_at >= known.last_synced_at
            and not (known.enriched and coalesce(observed.reason, '') in ('fetch_failed', 'not_asked'))
        )
    {%- endif -%}
{%- endmacro %}

{# Text without line breaks and runs of blanks. #}
{% macro folded(expression) -%}
    nullif(trim(regexp_replace({{ expression }}, '\s+', ' ', 'g')), '')
{%- endmacro %}

{# A table of another area, or no rows of its columns while that area is not built; columns that came
   with a newer version are null until it is built anew. columns: type by name. #}
{% macro ref_or_empty(relation, columns) -%}
    {%- if execute and not relation.is_cte and load_relation(relation) is not none -%}
    {{ with_later_columns(relation, columns) }}
    {%- else -%}
    {{ source_or_empty(relation, columns) }}
    {%- endif -%}
{%- endmacro %}
