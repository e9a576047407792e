{# What is said about a group of scores. standard_error: how far the mean may be off by chance. #}
{% macro score_summary() -%}
    count(distinct essay_task_id) as essays,
    count(*) as evaluations,
    count(*) filter (where score is null) as without_score,
    round(avg(score), 4) as mean_score,
    round(median(score), 4) as median_score,
    round(stddev_samp(score), 4) as score_stddev,
    round(stddev_samp(score) / sqrt(nullif(count(score), 0)), 4) as standard_error,
    min(score) as lowest_score,
    max(score) as highest_score
{%- endmacro %}

{# The mean score by the values of another column, as a map: a pivot whose columns may change. #}
{% macro scores_by(column) -%}
    map_from_entries(list({'k': {{ column }}, 'v': mean_score} order by {{ column }}))
{%- endmacro %}
