{# A run of the words of `said`, from its first one, and the word that goes on with it; null where a
   mark stands between two of them. length: of the run, from 1 to 5. #}
{% macro run_of_words(length) -%}
    if(
        {{ 'true' if length == 1 }}
        {%- for place in range(1, length) %}
        {{ 'and ' if not loop.first }}{{ words_are_joined(place) }}
        {%- endfor %},
        {
            'words': concat(
                {%- for place in range(1, length + 1) %}
                said[{{ place }}]{{ ',' if not loop.last }}
                {%- endfor %}
            ),
            'next': {% if length < 5 -%}
                if({{ words_are_joined(length) }}, said[{{ length + 1 }}], null)
            {%- else -%}
                null
            {%- endif %}
        },
        null
    )
{%- endmacro %}

{# Whether the word at a place of `said` and the next one may be parts of one name: no mark is between
   them. place: from 1. #}
{% macro words_are_joined(place) -%}
    (
        regexp_matches(said[{{ place }}], '[\p{L}0-9]$')
        and regexp_matches(said[{{ place + 1 }}], '^[\p{L}0-9]')
    )
{%- endmacro %}

{# Where each sign by which a post names something stands among all signs, the surest first, and the
   sign at such a place. #}
{% macro place_of_sign(sign) -%}
    list_position({{ signs_of_speech() }}, {{ sign }})
{%- endmacro %}

{% macro sign_at(place) -%}
    {{ signs_of_speech() }}[{{ place }}]
{%- endmacro %}

{% macro signs_of_speech() -%}
    ['page', 'id', 'call', 'import', 'place', 'name']
{%- endmacro %}
