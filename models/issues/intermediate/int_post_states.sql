-- What became of each post, as far as its source says: GitHub by state and reason, Stack Overflow
-- by its answers; Reddit and Hacker News know no end of a post.
with

posts as (

    select * from {{ ref('stg_posts') }}

),

told as (

    select
        url_hash,
        source,
        cast(raw ->> '$.is_answered' as boolean) as is_answered,
        cast(raw ->> '$.locked' as boolean) as is_locked,
        raw ->> '$.state' as state,  -- noqa: RF04
        raw ->> '$.state_reason' as reason,
        raw ->> '$.accepted_answer_id' as accepted_answer_id,
        raw ->> '$.closed_date' as closed_date
    from posts

),

final as (

    select
        url_hash,
        is_locked,
        case
            when source = 'github' and state = 'open' then 'open'
            when source = 'github' and reason in ('not_planned', 'duplicate') then 'declined'
            -- Issues that were closed before reasons were kept have none.
            when source = 'github' and state = 'closed' then 'fixed'
            when source <> 'stackoverflow' then null
            when accepted_answer_id is not null or is_answered then 'answered'
            when closed_date is not null then 'declined'
            when is_answered is not null then 'open'
        end as state  -- noqa: RF04
    from told

)

select * from final
