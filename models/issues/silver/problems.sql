-- Whether each post tells of a problem.
select
    url_hash,
    problem_score,
    is_problem
from {{ ref('int_problems') }}
