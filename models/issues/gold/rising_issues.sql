-- Issues that are hotter than three days ago, steepest first.
select
    issue_id,
    canonical_title,
    category,
    impact_level,
    row_number() over (order by heat_change desc, issue_id) as rise_rank,
    posts,
    heat,
    heat_change,
    cluster_date
from {{ ref('top_issues') }}
where heat_change > 0
