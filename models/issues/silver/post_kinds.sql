-- What each post is, by what sign, in which language, and why it is left out of the issues.
with

told as (

    select * from {{ ref('int_post_kinds') }}

),

documents as (

    select * from {{ ref('documents') }}

),

problems as (

    select * from {{ ref('int_problems') }}

),

judged as (

    select
        told.url_hash,
        told.kind,
        told.kind_sign,
        told.language,
        told.left_out,
        -- A copy is what the post is that it repeats.
        problems.is_problem,
        documents.link_url is not null and documents.text = '' as is_bare_link,
        told.is_sure
        or told.left_out is not null
        or problems.is_problem is null
        -- What is no problem of developers may well be a question or a problem of others.
        or problems.subject_score < 0
        or (problems.is_problem and told.kind in ('problem', 'question', 'request'))
        or (not problems.is_problem and told.kind in ('showcase', 'question', 'news')) as is_settled
    from told
    inner join documents on told.url_hash = documents.url_hash
    left join problems
        on coalesce(documents.duplicate_of, documents.url_hash) = problems.url_hash

),

settled as (

    select
        url_hash,
        language,
        left_out,
        if(is_settled, kind, if(is_problem, 'problem', 'news')) as kind,
        case
            when is_settled then kind_sign
            when is_bare_link then 'a link without a word'
            else 'likeness'
        end as kind_sign
    from judged

),

final as (

    select
        url_hash,
        kind,
        kind_sign,
        language,
        left_out
    from settled

)

select * from final
