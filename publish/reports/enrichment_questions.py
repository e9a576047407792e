"""What the ingestion report asks about the entities that models refer to.

As in publish/reports/questions.py the text that is run is the text that is shown. The entities are
asked alike, so their queries are written once and joined here.
"""

from operator import attrgetter
from textwrap import indent

from assay.common.hub_entities import HUB_ENTITIES
from assay.publish.reports.section import Section

def _of_each_entity(query: str) -> str:
    """Return the query for every entity, joined by union all."""
    return "\nunion all\n".join(
        query.format(table=one.name, key=one.key, entity=one.label)
        for one in sorted(HUB_ENTITIES.values(), key=attrgetter("name"))
    )


_ENTITIES = """\
select
    '{entity}' as entity,
    {key} as entity_id,
    coalesce(reason, 'enriched') as outcome
from hf.{table}"""
_OUTCOMES = """\
select
    entity,
    outcome,
    count(*) as ids,
    round(100.0 * count(*) / sum(count(*)) over (partition by entity), 1) as share,
    min(entity_id collate "C") as example
from (
{entities}
) as entities
group by entity, outcome
order by entity, ids desc, outcome collate "C"
"""
_SHARES = """\
select
    '{entity}' as entity,
    count(*) as ids,
    count(case when enriched then 1 end) as enriched,
    count(case when not enriched and reason is not null then 1 end) as with_reason,
    round(
        100.0 * count(case when enriched or reason is not null then 1 end)
        / nullif(count(*), 0), 1
    ) as accounted_for
from hf.{table}"""
_MAPPINGS = """\
select
    '{entity}' as entity,
    count(*) as pairs,
    count(distinct model_id) as models,
    round(
        100.0 * count(distinct model_id) / nullif((select count(*) from hf.models), 0), 1
    ) as share,
    count(distinct {key}) as ids
from hf.model_{table}"""
_UNEXPLAINED = """\
select
    '{entity}: neither enriched nor with a reason, or both' as what,
    count(*) as found,
    min({key} collate "C") as example
from hf.{table}
where enriched = (reason is not null)"""

SECTIONS = (
    Section(
        "Entities",
        "What the models' tags point at. Every id ends as enriched or with the reason why not: "
        "100 % are accounted for.",
        ("entity", "ids", "enriched", "with a reason", "% accounted for"),
        _of_each_entity(_SHARES) + "\norder by entity",
    ),
    Section(
        "Entities enriched, and why not",
        "Each entity's ids by outcome, in percent of its ids; not_asked stands for ids whose "
        "enrichment was not run.",
        ("entity", "outcome", "ids", "% of its ids", "for example"),
        _OUTCOMES.replace("{entities}", indent(_of_each_entity(_ENTITIES), "    ")),
    ),
    Section(
        "Entities unexplained",
        "Ids that are neither enriched nor say why not.",
        ("check", "found", "for example"),
        _of_each_entity(_UNEXPLAINED) + "\norder by what",
        layout="checks",
    ),
    Section(
        "What models point at",
        "Pairs of a model and what its tags name, and the share of all models that name any.",
        ("entity", "pairs", "models", "% of models", "different ids"),
        _of_each_entity(_MAPPINGS) + "\norder by entity",
    ),
    Section(
        "The paper of the card template",
        "arXiv:1910.09700 stands in the Hub's model card template. It is counted here, and is "
        "nobody's paper in hf.model_articles.",
        ("models that carry it", "of them without a paper of their own"),
        """\
select
    count(*) as models,
    count(case when model_articles.model_id is null then 1 end) as without_own
from hf.models
left join (select distinct model_id from hf.model_articles) as model_articles
    on models.model_id = model_articles.model_id
where cast(models.tags as text) like '%"arxiv:1910.09700"%'
""",
        layout="record",
    ),
    Section(
        "Most used base models",
        "Ancestors of most listed models, directly or over others (hf.model_lineage).",
        ("model", "made from it", "directly"),
        """\
select
    ancestor_id,
    count(*) as descendants,
    count(case when depth = 1 then 1 end) as children
from hf.model_lineage
group by ancestor_id
order by descendants desc, ancestor_id collate "C"
limit 10
""",
    ),
)
