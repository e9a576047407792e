-- One label per fingerprint of a cluster: a language model's where a person approved, else ours.
with

-- Labels of groups that no day has any more are kept by the step, and are no labels here.
local_labels as (

    select * from {{ ref('int_issue_labels__local') }}
    where fingerprint in (select clusters.fingerprint from {{ ref('clusters') }} as clusters)

),

-- An answer whose category was taken away is none.
llm_labels as (

    select * from {{ ref('int_issue_labels__llm') }}
    where category in (select categories.category from {{ ref('int_categories') }} as categories)

),

final as (

    select
        local_labels.fingerprint,
        local_labels.severity,
        local_labels.severity_because,
        local_labels.quotes,
        llm_labels.evidence,
        coalesce(llm_labels.canonical_title, local_labels.canonical_title) as canonical_title,
        coalesce(llm_labels.category, local_labels.category) as category,
        coalesce(llm_labels.description, local_labels.description) as description,
        coalesce(llm_labels.would_pay_signal, local_labels.would_pay_signal) as would_pay_signal,
        coalesce(llm_labels.impact_level, local_labels.impact_level) as impact_level,
        if(llm_labels.fingerprint is null, 'local', 'llm') as labeled_by,
        -- A language model does not say how sure it is, nor why.
        if(llm_labels.fingerprint is null, local_labels.category_confidence, null)
            as category_confidence,
        if(
            coalesce(llm_labels.would_pay_signal, local_labels.would_pay_signal),
            nullif(local_labels.would_pay_because, ''),
            null
        ) as would_pay_because,
        if(
            llm_labels.fingerprint is null,
            local_labels.title_because,
            'in a language model''s words'
        ) as title_because,
        if(
            llm_labels.fingerprint is null,
            local_labels.description_because,
            'in a language model''s words'
        ) as description_because,
        if(
            llm_labels.fingerprint is null,
            local_labels.category_because,
            'chosen by a language model'
        ) as category_because,
        coalesce(llm_labels.model, local_labels.model) as model,  -- noqa: RF04
        coalesce(llm_labels.prompt_version, local_labels.prompt_version) as prompt_version,
        coalesce(llm_labels.tokens, 0) as tokens,
        coalesce(llm_labels.cost_usd, 0) as cost_usd
    from local_labels
    left join llm_labels on local_labels.fingerprint = llm_labels.fingerprint

)

select * from final
