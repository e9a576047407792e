-- Example sentences of the categories that there are.
select
    prototypes.category,
    prototypes.prototype,
    categories.is_craft
from {{ ref('issue_categories') }} as prototypes
inner join {{ ref('int_categories') }} as categories on prototypes.category = categories.category
