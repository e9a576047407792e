-- Whether each post tells of a problem that developers have, and how sure that is.
-- Half of the problems on trackers have a problem_score of 0.2 and more, nine in ten a
-- subject_score of 0.1: from there on it is sure, below in proportion (docs/decisions/problems.md).
select
    url_hash,
    problem_score,
    subject_score,
    is_problem,
    round(
        least(greatest(cast(problem_score as double), 0) / 0.2, 1)
        * least(greatest(cast(subject_score as double), 0) / 0.1, 1),
        4
    ) as certainty
from {{ ref('int_problems') }}
