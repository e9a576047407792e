-- What became of each post, as far as its source says: a tracker by state and reason, a site of
-- questions by its answers. Where neither is among a post's fields, nobody knows of an end.
with

posts as (

    select * from {{ ref('stg_posts') }}

),

told as (

    select
        url_hash,
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
            when state = 'open' then 'open'
            when reason in ('not_planned', 'duplicate') then 'declined'
            -- Issues that were closed before reasons were kept have none.
            when state = 'closed' then 'fixed'
            when accepted_answer_id is not null or is_answered then 'answered'
            when closed_date is not null then 'declined'
            when is_answered is not null then 'open'
        end as state  -- noqa: RF04
    from told

)

select * from final
