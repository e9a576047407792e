-- The links out of the answers; a name that is none of the combination's concepts stays unresolved.
with

responses as (

    select * from {{ ref('links_responses') }}

),

tasks as (

    select * from {{ ref('link_generation_tasks') }}

),

combinations as (

    select
        combo_id,
        unnest(concept_ids) as concept_id
    from {{ ref('content_combinations') }}

),

concepts as (

    select * from {{ ref('stg_concepts') }}

),

-- Models write "Open Licences" or "open_licences" for the id open-licences.
known as (

    select
        combinations.combo_id,
        concepts.concept_id,
        list_value(
            {{ only_letters('concepts.concept_id') }}, {{ only_letters('concepts.title') }}
        ) as spellings
    from combinations
    inner join concepts on combinations.concept_id = concepts.concept_id

),

answered as (

    select
        responses.task_id,
        tasks.combo_id,
        from_json(
            responses.response,
            '{"links": [{"first": "VARCHAR", "second": "VARCHAR", "text": "VARCHAR"}]}'
        ).links as links
    from responses
    left join tasks on responses.task_id = tasks.task_id

),

told as (

    select
        task_id,
        combo_id,
        unnest(links) as link,
        generate_subscripts(links, 1) as place
    from answered

),

named as (

    select
        told.task_id,
        told.combo_id,
        told.place,
        told.link['text'] as description,
        {{ only_letters("told.link['first']") }} as first_name,
        {{ only_letters("told.link['second']") }} as second_name
    from told

),

final as (

    select
        named.task_id as link_task_id,
        named.description,
        cast(named.place as integer) as link_position,
        min(first_concepts.concept_id) as first_concept_id,
        min(second_concepts.concept_id) as second_concept_id
    from named
    left join known as first_concepts
        on
            named.combo_id = first_concepts.combo_id
            and list_contains(first_concepts.spellings, named.first_name)
    left join known as second_concepts
        on
            named.combo_id = second_concepts.combo_id
            and list_contains(second_concepts.spellings, named.second_name)
    group by named.task_id, named.place, named.description

)

select * from final
