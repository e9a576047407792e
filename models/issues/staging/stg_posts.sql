-- The posts of bronze under the names that the rest uses. A view, so that no post is stored twice;
-- without the database's name, so that a copy of the file under another name shows it too.
with

raw_items as (

    select * from {{ source('bronze', 'raw_items').include(database=false) }}

),

final as (

    select
        url_hash,
        source,
        native_id,
        url,
        link_url,
        link_hash,
        title,
        body,
        author_hash,
        score,
        comment_count,
        raw,
        collection_date,
        created_at as posted_at,
        collected_at,
        -- What a post has beside its words.
        cast(raw ->> '$.poll_options' as integer) as poll_options,
        cast(raw ->> '$.pictures' as integer) as pictures,
        -- Where within its source a post was written, whichever of the three the source has: a
        -- repository, a community, tags. Posts of one place are alike beyond their problem.
        coalesce(
            split_part(raw ->> '$.repository_url', '/', -1),
            raw ->> '$.subreddit',
            array_to_string(raw ->> '$.tags[*]', ' '),
            ''
        ) as place,
        -- Where one form is filled in: a repository with its owner, a subreddit, else a source.
        concat_ws(
            '/',
            source,
            regexp_extract(raw ->> '$.repository_url', '[^/]+/[^/]+$'),
            raw ->> '$.subreddit'
        ) as form_place,
        md5(concat_ws(chr(31), source, title, coalesce(body, ''))) as content_hash,
        -- What the API says of a post beside its words; null where it says nothing, or did not yet
        -- when the post was collected.
        raw ->> '$.author_type' as author_type,
        raw ->> '$.distinguished' as distinguished,
        raw ->> '$.stickied' = 'true' as is_stickied,
        raw ->> '$.link_flair_text' as flair,
        raw ->> '$.labels[*]' as labels,
        raw ->> '$._tags[*]' as tags,
        -- An answer to another post, and to which of which thread.
        (raw ->> '$.parent_id') is not null as is_comment,
        raw ->> '$.parent_id' as parent_id,
        if((raw ->> '$.parent_id') is null, null, raw ->> '$.story_id') as thread_id,
        -- The post that this one passes on.
        raw ->> '$.crosspost_of.id' as crosspost_of
    from raw_items

)

select * from final
