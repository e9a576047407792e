{#- What is no owner at huggingface.co/..., and what follows an id there. -#}
{%- set pages = [
    'api', 'blog', 'chat', 'collections', 'course', 'docs', 'enterprise', 'front', 'inference',
    'join', 'learn', 'login', 'models', 'new', 'organizations', 'papers', 'posts', 'pricing', 'search',
    'settings', 'spaces', 'storage', 'support', 'tasks', 'terms-of-service', 'privacy', 'brand', 'changelog',
] -%}
{%- set inner = [
    'blob', 'commit', 'commits', 'discussions', 'edit', 'raw', 'resolve', 'settings', 'tree', 'viewer',
] -%}
-- What posts name by address: a page of the Hub, an id with its owner, a call or an import with the
-- name in it, and where a post stands. Each is certain by its form, or else by the catalog.
{{ config(materialized='table') }}

with

posts as (

    select
        url_hash,
        tags,
        raw ->> '$.repository_url' as repository_url,
        concat_ws(
            chr(10),
            title,
            replace(replace(replace(body, '&quot;', '"'), '&#39;', ''''), '&amp;', '&'),
            link_url
        ) as told
    from {{ ref('stg_posts') }}

),

names as (

    select * from {{ ref('int_hub_names') }}

),

libraries as (

    select * from {{ ref('int_hub_libraries') }}

),

pages as (

    select
        url_hash,
        string_split(unnest(regexp_extract_all(
            told, '(?i)(?:^|[^\w.@-])(?:www\.)?(?:huggingface\.co|hf\.co)/(?:api/)?([\w.\-/]+)', 1
        )), '/') as steps
    from posts
    where contains(told, 'huggingface.co/') or contains(told, 'hf.co/')

),

-- An id is an owner and a name; the oldest ones are a name alone.
page_ids as (

    select
        url_hash,
        if(steps[1] = 'datasets', 'dataset', 'model') as entity_kind,
        list_transform(
            if(steps[1] in ('datasets', 'models'), steps[2:3], steps[1:2]),
            lambda step: regexp_replace(step, '(?:\.git)?[.\-]*$', '')
        ) as id
    from pages
    where
        steps[1] = 'models'
        or steps[1] not in (
            '{{ pages | join("', '") }}'
        )

),

hub_pages as (

    select
        url_hash,
        entity_kind,
        if(
            coalesce(id[2], '') in (
                '', '{{ inner | join("', '") }}'
            ),
            id[1],
            concat(id[1], '/', id[2])
        ) as written_as
    from page_ids
    where id[1] <> ''

),

-- The owner's page has one step as well: only what the catalog knows is a model then.
by_page as (

    select
        hub_pages.url_hash,
        hub_pages.entity_kind,
        coalesce(names.entity_id, hub_pages.written_as) as entity_id,
        'page' as named_by
    from hub_pages
    left join names
        on
            hub_pages.entity_kind = names.entity_kind
            and lower(hub_pages.written_as) = names.id_key
    where
        names.entity_id is not null
        or hub_pages.entity_kind = 'dataset'
        or contains(hub_pages.written_as, '/')

),

-- owner/name with nothing around that makes a path, a number of an issue or an address of it.
ids as (

    select
        url_hash,
        lower(regexp_extract(word, '^([^:@]+?)[.:@-]*(?:[:@]\S*)?$', 1)) as id_key
    from (
        select
            url_hash,
            unnest(regexp_extract_all(told, '[\w.\-/:@~#\\]+')) as word
        from posts
    ) as in_words
    where len(string_split(word, '/')) = 2 and not contains(word, '#')

),

by_id as (

    select
        ids.url_hash,
        names.entity_kind,
        names.entity_id,
        'id' as named_by
    from ids
    inner join names on ids.id_key = names.id_key
    where contains(ids.id_key, '/')
    qualify count(distinct names.entity_kind) over (partition by ids.url_hash, ids.id_key) = 1

),

called as (

    select
        url_hash,
        unnest(regexp_extract_all(
            told,
            '(?:load_dataset(?:_builder)?|from_pretrained|SentenceTransformer)'
            || '\(\s*["''][\w.\-/]+["'']'
        )) as written
    from posts

),

calls as (

    select
        url_hash,
        lower(regexp_extract(written, '["'']([^"'']+)', 1)) as id_key,
        if(starts_with(written, 'load_dataset'), 'dataset', 'model') as entity_kind
    from called

),

by_call as (

    select
        calls.url_hash,
        names.entity_kind,
        names.entity_id,
        'call' as named_by
    from calls
    inner join names
        on calls.id_key = names.id_key and calls.entity_kind = names.entity_kind

),

used as (

    select
        url_hash,
        unnest(list_concat(
            regexp_extract_all(told, '(?m)^[ \t>]*(?:import|from) ([A-Za-z_][\w]*)', 1),
            regexp_extract_all(told, 'pip3? install (?:-\S+ )*([A-Za-z][\w.\-]*)', 1)
        )) as library,
        'import' as named_by
    from posts
    union all
    select
        url_hash,
        split_part(repository_url, '/', -1) as library,
        'place' as named_by
    from posts
    where repository_url is not null
    union all
    select
        url_hash,
        unnest(tags) as library,
        'place' as named_by
    from posts

),

by_library as (

    select
        used.url_hash,
        'library' as entity_kind,
        libraries.library_name as entity_id,
        used.named_by
    from used
    inner join libraries on replace(lower(used.library), '_', '-') = libraries.id_key

),

final as (

    select * from by_page
    union
    select * from by_id
    union
    select * from by_call
    union
    select * from by_library

)

select * from final
