-- Whether each post tells of a problem that developers have.
select
    url_hash,
    problem_score,
    subject_score,
    is_problem
from {{ ref('int_problems') }}
