-- What people complain about when they speak of a model, a data set or a library: the issues, most
-- people first, with posts to read.
--
--     dbt show --select complaints_about_a_model --vars '{model_id: EleutherAI/pile}'

{%- set model_id = var('model_id', 'EleutherAI/pile') | replace("'", "''") %}

with

issue_models as (

    select * from {{ ref('issue_models') }}
    where lower(entity_id) = lower('{{ model_id }}')

),

issues as (

    select * from {{ ref('issues') }}

),

final as (

    select
        issue_models.issue_id,
        issues.canonical_title,
        issues.category,
        issues.impact_level,
        issue_models.people,
        issue_models.posts,
        issue_models.examples,
        issue_models.cluster_date
    from issue_models
    inner join issues
        on
            issue_models.cluster_date = issues.cluster_date
            and issue_models.cluster_id = issues.cluster_id
    -- An issue as it was found last.
    qualify
        row_number() over (
            partition by issue_models.issue_id
            order by
                issue_models.cluster_date desc,
                issue_models.people desc,
                issue_models.cluster_id asc
        ) = 1
    order by issue_models.people desc, issue_models.posts desc, issue_models.issue_id asc

)

select * from final
