-- The categories of issues as page, report and prompt show them.
select
    category,
    name,
    place,
    color
from {{ ref('int_categories') }}
