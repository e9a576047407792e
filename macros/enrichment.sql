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
    {{ relation }}
    {%- endif %}
{%- endmacro %}

{# The bronze table of an entity, which has these columns and those of every entity: whether and when
   its own source answered, why not, and when a model was last seen to name it. #}
{% macro entity_or_empty(relation, columns) -%}
    {%- set every = {
        'enriched': 'boolean',
        'reason': 'text',
        'fetched_at': 'timestamptz',
        'observed_at': 'timestamptz',
    } -%}
    {{ source_or_empty(relation, dict(columns, **every)) }}
{%- endmacro %}

{# What models name, once, from the pairs of models and entities: `keys`, and when last. #}
{% macro named_in(pairs, keys) -%}
    select
        {{ keys | join(',\n        ') }},
        max(observed_at) as observed_at
    from {{ pairs }}
    group by {{ keys | join(', ') }}
{%- endmacro %}

{# Whether the entity's own source had it: reads `named` and `entity`, its bronze table, whose `key`
   is null where nobody has asked. unasked: the reason to give then, as SQL. #}
{% macro found_or_why(entity, key, unasked="'not_asked'") -%}
    case when {{ entity }}.{{ key }} is null then {{ unasked }} else {{ entity }}.reason end as reason,
        coalesce({{ entity }}.enriched, false) as enriched,
        greatest({{ entity }}.observed_at, named.observed_at, {{ entity }}.fetched_at) as seen_at
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
