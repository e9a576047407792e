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

    select
        combinations.combo_id,
        concepts.concept_id,
        -- Models write "Open Licences" and "open_licences" for the id open-licences.
        {{ only_letters('concepts.concept_id') }} as name,
        {{ only_letters('concepts.title') }} as title
    from combinations
    inner join {{ ref('stg_concepts') }} as concepts
        on combinations.concept_id = concepts.concept_id

),

parsed as (

    select
        responses.task_id,
        tasks.combo_id,
        unnest(from_json(
            responses.response,
            '{"links": [{"first": "VARCHAR", "second": "VARCHAR", "text": "VARCHAR"}]}'
        ).links) as link,
        generate_subscripts(from_json(responses.response, '{"links": ["JSON"]}').links, 1)
            as position
    from responses
    left join tasks on responses.task_id = tasks.task_id

),

final as (

    select
        parsed.task_id as link_task_id,
        cast(parsed.position as integer) as position,
        first_concepts.concept_id as first_concept_id,
        second_concepts.concept_id as second_concept_id,
        parsed.link.text
    from parsed
    left join concepts as first_concepts
        on
            parsed.combo_id = first_concepts.combo_id
            and {{ only_letters('parsed.link.first') }}
            in (first_concepts.name, first_concepts.title)
    left join concepts as second_concepts
        on
            parsed.combo_id = second_concepts.combo_id
            and {{ only_letters('parsed.link.second') }}
            in (second_concepts.name, second_concepts.title)
    qualify row_number() over (
        partition by parsed.task_id, parsed.position
        order by first_concepts.concept_id, second_concepts.concept_id
    ) = 1

)

select * from final
