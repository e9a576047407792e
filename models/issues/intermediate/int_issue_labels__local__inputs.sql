-- What the label of each fingerprint is made from: the posts of the first cluster that has it. The
-- same posts on two days are one fingerprint, labelled once. A row per post, not a list per
-- cluster: lists of posts take DuckDB many times their size.
with

clusters as (

    select * from {{ ref('clusters') }}

),

members as (

    select * from {{ ref('int_corrected_members') }}
    where not is_outlier

),

documents as (

    select * from {{ ref('documents') }}

),

problems as (

    select * from {{ ref('int_problems') }}

),

embeddings as (

    select * from {{ ref('embeddings') }}

),

-- The rules by which posts were judged are a part of what a label depends on.
judged as (

    select list(distinct problem_rules order by problem_rules) as problem_rules
    from problems

),

firsts as (

    select
        fingerprint,
        min(cluster_date) as cluster_date,
        arg_min(cluster_id, cluster_date) as cluster_id
    from clusters
    group by fingerprint

),

posts as (

    select * from {{ ref('stg_posts') }}

),

final as (

    select
        firsts.fingerprint,
        firsts.cluster_date,
        firsts.cluster_id,
        members.day_fingerprint,
        members.position,
        documents.title,
        documents.text,
        documents.source,
        documents.url,
        posts.place,
        problems.is_problem,
        judged.problem_rules,
        embeddings.embedding,
        coalesce(documents.author_hash, documents.url_hash) as person,
        coalesce(documents.score, 0) + coalesce(documents.comment_count, 0) as engagement
    from firsts
    inner join members
        on
            firsts.cluster_date = members.cluster_date
            and firsts.cluster_id = members.cluster_id
    inner join documents on members.url_hash = documents.url_hash
    inner join posts on members.url_hash = posts.url_hash
    inner join problems on members.url_hash = problems.url_hash
    inner join embeddings on members.url_hash = embeddings.url_hash
    cross join judged

)

select * from final
