-- What posts are clustered by, and the days on which each of them, or a copy of it, was written.
with

documents as (

    select * from {{ ref('documents') }}

),

posts as (

    select * from {{ ref('stg_posts') }}

),

problems as (

    select * from {{ ref('int_problems') }}

),

-- What can be evidence of an issue: the others wait in silver.post_kinds, which says why.
kinds as (

    select * from {{ ref('int_post_kinds') }}
    where left_out is null

),

embeddings as (

    select * from {{ ref('embeddings') }}

),

written as (

    select
        coalesce(duplicate_of, url_hash) as url_hash,
        list_sort(list(distinct cast(posted_at as date))) as written_on,
        list_sort(list(distinct coalesce(author_hash, url_hash))) as people
    from documents
    group by coalesce(duplicate_of, url_hash)

),

final as (

    select
        documents.url_hash,
        documents.text_hash,
        documents.source,
        posts.place,
        problems.is_problem,
        problems.problem_score,
        embeddings.embedding,
        written.written_on,
        written.people,
        concat_ws(chr(10), documents.title, documents.text) as content,  -- noqa: RF04
        -- Equal for a post that has not changed. A vector is known by its text and its model.
        md5(concat_ws(
            chr(31),
            documents.text_hash,
            documents.source,
            coalesce(posts.place, ''),
            list_aggregate(written.people, 'string_agg', ' '),
            problems.is_problem,
            problems.problem_score,
            embeddings.model
        )) as post_fingerprint
    from written
    inner join documents on written.url_hash = documents.url_hash
    inner join posts on written.url_hash = posts.url_hash
    inner join kinds on written.url_hash = kinds.url_hash
    inner join problems on written.url_hash = problems.url_hash
    inner join embeddings on written.url_hash = embeddings.url_hash

)

select * from final
