-- Names of models and data sets that mean one of them without their owner beside it: put together
-- of parts, of one family only, with a word in it that posts do not use more than names do.

{{ config(materialized='table') }}

with

names as (

    select * from {{ ref('int_hub_names') }}

),

words as (

    select * from {{ ref('int_post_words') }}

),

rare_words as (

    select word from words
    where share_of_posts <= share_of_names

),

named as (

    select
        name_key,
        any_value(parts) as parts,
        bool_or(regexp_matches(split_part(id_key, '/', -1), '[-_]')) as has_hyphen,
        arg_max(entity_kind, (downloads, entity_id)) as entity_kind,
        arg_max(entity_id, (downloads, entity_id)) as entity_id,
        sum(downloads) as downloads
    from names
    group by name_key
    having count(distinct lineage_root) = 1

),

put_together as (

    select * from named
    where
        len(parts) >= 3
        -- Two that are joined without a hyphen are a word that people made: ELI5, web3.
        or (
            len(parts) = 2
            and has_hyphen
            and len(list_filter(parts, lambda part: regexp_matches(part, '^[0-9]'))) = 1
        )

),

told_apart as (

    select distinct put_together.name_key
    from (
        select
            name_key,
            unnest(parts) as word
        from put_together
    ) as put_together
    semi join rare_words on put_together.word = rare_words.word

),

final as (

    select
        put_together.name_key,
        put_together.entity_kind,
        put_together.entity_id,
        put_together.downloads,
        put_together.parts[1] as beginning
    from put_together
    semi join told_apart on put_together.name_key = told_apart.name_key

)

select * from final
