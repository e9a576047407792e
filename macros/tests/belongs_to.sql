{# Fails on each row whose columns have no match in another table, where they have the same names; a
   row with a null among them points at nothing and passes. #}
{% test belongs_to(model, columns, to) %}
with

children as (

    select * from {{ model }}
    where {{ columns | join(' is not null and ') }} is not null

),

parents as (

    select * from {{ to }}

)

select children.{{ columns | join(', children.') }}
from children
where not exists (
    select 1
    from parents
    where
    {%- for column in columns %}
        {{ 'and ' if not loop.first }}parents.{{ column }} = children.{{ column }}
    {%- endfor %}
)
{% endtest %}
