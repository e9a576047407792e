-- Everything that was ever said to correct an issue, and what became of it: of what is said of one
-- thing the newest counts, and a row of kind `revoke` takes back all that was said before it.
with recursive

said as (

    select * from {{ ref('stg_file_corrections') }}
    union all by name
    select * from {{ ref('stg_page_corrections') }}

),

-- The same line twice is one correction.
distinct_said as (

    select * from said
    qualify row_number() over (partition by correction_id order by place desc) = 1

),

identities as (

    select * from {{ ref('int_issue_identities') }}

),

issues as (

    select
        issue_id,
        max(cluster_date) as last_day
    from identities
    group by issue_id

),

-- Ids that no day has any more, since days were made anew: an issue is known again by its posts, as
-- from day to day, where it shares half of those of the smaller side.
lost as (

    select
        anchors.named_issue_id,
        anchors.url_hash,
        count(*) over (partition by anchors.named_issue_id) as posts
    from {{ ref('int_correction_anchors') }} as anchors
    left join issues on anchors.named_issue_id = issues.issue_id
    where issues.issue_id is null

),

members as (

    select
        identities.issue_id,
        identities.cluster_date,
        members.url_hash,
        count(*) over (partition by identities.cluster_date, identities.issue_id) as posts
    from identities
    inner join {{ ref('int_cluster_members') }} as members
        on
            identities.cluster_date = members.cluster_date
            and identities.cluster_id = members.cluster_id
    where not members.is_outlier

),

found_again as (

    select
        lost.named_issue_id,
        members.issue_id
    from lost
    inner join members on lost.url_hash = members.url_hash
    group by lost.named_issue_id, members.issue_id, members.cluster_date
    having 2 * count(*) >= least(any_value(lost.posts), any_value(members.posts))
    qualify
        row_number() over (
            partition by lost.named_issue_id
            order by count(*) desc, members.cluster_date desc, members.issue_id asc
        ) = 1

),

named as (

    select
        issue_id as named_issue_id,
        issue_id
    from issues
    union all
    select
        named_issue_id,
        issue_id
    from found_again

),

-- A copy stands for its original, as it does in clusters.
posts as (

    select
        url_hash,
        url,
        coalesce(duplicate_of, url_hash) as original
    from {{ ref('documents') }}

),

by_address as (

    select
        url,
        min(original) as original
    from posts
    group by url

),

categories as (

    select category from {{ ref('int_categories') }}

),

known as (

    select
        said.* exclude (issue_id),
        said.issue_id as named_issue_id,
        issues.last_day,
        coalesce(named.issue_id, said.issue_id) as issue_id,
        coalesce(other_named.issue_id, lower(said.value)) as other_issue_id,
        named.issue_id is not null as is_known,
        other_named.issue_id is not null as is_other_known,
        categories.category is not null as is_category,
        -- What is said about: a value of its own for each post, one for every other kind.
        if(said.kind = 'revoke', lower(said.value), said.kind) as about,
        coalesce(posts.original, by_address.original) as url_hash
    from distinct_said as said
    left join named on said.issue_id = named.named_issue_id
    left join issues on named.issue_id = issues.issue_id
    left join named as other_named on lower(said.value) = other_named.named_issue_id
    left join categories on lower(said.value) = categories.category
    left join posts on lower(said.post) = posts.url_hash
    left join by_address on said.post = by_address.url

),

checked as (

    select
        *,
        case
            when
                kind not in (
                    'merge',
                    'split_off',
                    'title',
                    'category',
                    'impact',
                    'mute',
                    'no_problem',
                    'fixed',
                    'revoke'
                )
                then concat(
                    'kind is none of merge, split_off, title, category, impact, mute, no_problem, ',
                    'fixed, revoke'
                )
            when made_at is null
                then 'made_on is no day or moment: write 2026-11-29 or 2026-11-29 14:00:00+00'
            when coalesce(who, '') = '' or coalesce(why, '') = '' then 'who and why must be told'
            when length(who) > 100 or length(why) > 500 or length(value) > 200
                then 'too long: who has 100 characters at most, value 200, why 500'
            when regexp_matches(concat(who, why, value), '[\x00-\x1f\x7f]')
                then 'who, why and value are one line each'
            when
                kind = 'revoke' and coalesce(about, '') not in (
                    'merge', 'split_off', 'title', 'category', 'impact', 'mute', 'no_problem',
                    'fixed'
                )
                then 'a revoke names in value the kind that it takes back'
            when kind in ('title', 'fixed') and coalesce(value, '') = ''
                then 'value is empty: it is the new title, or in what it is fixed'
            when kind = 'category' and not is_category
                then 'value is no category of seeds/our_categories.csv'
            when kind = 'impact' and coalesce(lower(value), '') not in ('low', 'medium', 'high')
                then 'value is none of low, medium, high'
            when kind = 'merge' and (value is null or other_issue_id = issue_id)
                then 'value must be the id of another issue'
            when about = 'split_off' and coalesce(post, '') = ''
                then 'post is empty: it is the address of the post'
        end as refused_because,
        case
            when not is_known then 'no day has an issue of this id'
            when kind = 'merge' and not is_other_known
                then 'no day has an issue of the id that value names'
            when about = 'split_off' and url_hash is null
                then 'no post of this address is known'
        end as unknown_because
    from known

),

usable as (

    select
        *,
        row_number() over (
            partition by issue_id, about, if(about = 'split_off', url_hash, null)
            order by made_at desc, (given_by = 'page') desc, place desc
        ) as newest,
        first_value(kind) over (
            partition by issue_id, about, if(about = 'split_off', url_hash, null)
            order by made_at desc, (given_by = 'page') desc, place desc
        ) as newest_kind,
        row_number() over (order by made_at asc, (given_by = 'page') asc, place asc) as said_as
    from checked
    where refused_because is null and unknown_because is null

),

led as (

    select
        correction_id,
        issue_id,
        said_as,
        other_issue_id as other_issue
    from usable
    where newest = 1 and kind = 'merge'

),

-- Where newer merges lead from what a merge leads to: back to where it began, they stand in its
-- place.
walked as (

    select
        correction_id,
        issue_id as began,
        said_as,
        other_issue as at_issue,
        list_value(other_issue) as trail
    from led
    union all
    select
        walked.correction_id,
        walked.began,
        walked.said_as,
        led.other_issue as at_issue,
        list_append(walked.trail, led.other_issue) as trail
    from walked
    inner join led
        on walked.at_issue = led.issue_id and walked.said_as < led.said_as
    where not list_contains(walked.trail, led.other_issue)

),

turned as (

    select distinct correction_id from walked
    where at_issue = began

),

final as (

    select
        checked.correction_id,
        checked.issue_id,
        checked.named_issue_id,
        checked.kind,
        checked.about,
        checked.post,
        checked.url_hash,
        checked.who,
        checked.why,
        checked.given_by,
        checked.made_at,
        checked.last_day,
        case
            when checked.kind = 'merge' then checked.other_issue_id
            when checked.kind in ('category', 'impact', 'revoke')
                then lower(checked.value)
            else checked.value
        end as value,  -- noqa: RF04
        case
            when checked.refused_because is not null then 'refused'
            when checked.unknown_because is not null then 'unknown'
            when usable.newest > 1 and usable.newest_kind = 'revoke' then 'revoked'
            when usable.newest > 1 or turned.correction_id is not null then 'replaced'
            else 'in_force'
        end as state,
        coalesce(
            checked.refused_because,
            checked.unknown_because,
            case
                when usable.newest > 1 and usable.newest_kind = 'revoke'
                    then 'taken back by a newer row'
                when usable.newest > 1 then 'a newer row says otherwise'
                when turned.correction_id is not null
                    then 'newer merges lead the other way round'
                when checked.issue_id <> checked.named_issue_id
                    then concat('known again by its posts as ', checked.issue_id)
            end
        ) as state_because,
        coalesce(usable.said_as, 0) as said_as
    from checked
    left join usable on checked.correction_id = usable.correction_id
    left join turned on checked.correction_id = turned.correction_id

)

select * from final
