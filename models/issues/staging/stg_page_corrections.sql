-- The corrections that were made on the page, as `python -m publish.corrections` brought them.
with

page_corrections as (

    select * from {{ source_or_empty(source('bronze', 'page_corrections'), {
        'correction_id': 'text', 'issue_id': 'text', 'kind': 'text', 'value': 'text',
        'url_hash': 'text', 'who': 'text', 'why': 'text', 'made_at': 'timestamptz',
    }) }} as loaded

),

final as (

    select
        correction_id,
        issue_id,
        kind,
        value,  -- noqa: RF04
        url_hash as post,
        who,
        why,
        made_at,
        'page' as given_by,
        row_number() over (order by made_at asc, correction_id asc) as place
    from page_corrections

)

select * from final
