-- One row per model that has the paper of the card template, and one where hf.articles does not
-- mark it.

with

model_articles as (

    select * from {{ ref('model_articles') }}

),

articles as (

    select * from {{ ref('articles') }}

),

final as (

    select
        model_articles.model_id,
        articles.arxiv_id
    from articles
    left join model_articles on articles.arxiv_id = model_articles.arxiv_id
    where
        (articles.is_template_leftover and model_articles.model_id is not null)
        or articles.is_template_leftover <> (articles.arxiv_id = '1910.09700')

)

select * from final
