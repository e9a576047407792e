-- The papers named by the models whose downloads grew most between the first and the last day on
-- which each was observed. With one day of history nothing has grown yet.

with

model_stats_daily as (

    select * from {{ ref('model_stats_daily') }}

),

model_articles as (

    select * from {{ ref('model_articles') }}

),

articles as (

    select * from {{ ref('articles') }}

),

days as (

    select
        model_id,
        min(observed_on) as first_day,
        max(observed_on) as last_day
    from model_stats_daily
    group by model_id

),

growth as (

    select
        days.model_id,
        latest.downloads - earliest.downloads as grown_by
    from days
    inner join model_stats_daily as earliest
        on
            days.model_id = earliest.model_id
            and days.first_day = earliest.observed_on
    inner join model_stats_daily as latest
        on
            days.model_id = latest.model_id
            and days.last_day = latest.observed_on
    where latest.downloads > earliest.downloads

),

final as (

    select
        model_articles.arxiv_id,
        max(articles.title) as title,
        count(*) as growing_models,
        sum(growth.grown_by) as grown_by
    from growth
    inner join model_articles on growth.model_id = model_articles.model_id
    inner join articles on model_articles.arxiv_id = articles.arxiv_id
    group by model_articles.arxiv_id
    order by grown_by desc, model_articles.arxiv_id asc
    limit {{ var("papers", 20) }}

)

select * from final
