"""What the ingestion report asks the warehouse; the query of each question is a file of sql/.

The text that is run is the text that is shown, and it runs unchanged on DuckDB and Postgres, so
anyone can ask again. The five entities are asked alike: their queries are written once and repeated
for each when they are read.
"""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assay.common.hub_entities import HUB_ENTITIES
from assay.publish.reports import plots
from assay.publish.reports.section import Section

MODEL_COLUMNS = ("model", "task on its card", "library", "licence", "downloads", "likes")

_QUERIES = Environment(  # noqa: S701 - SQL, and no page
    loader=FileSystemLoader(Path(__file__).parent / "sql"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def query(section: Section) -> str:
    """Return the SQL of a section, from the file of sql/ that has its title for a name."""
    entities = sorted((one.name, one.key, one.label) for one in HUB_ENTITIES.values())
    name = re.sub(r"\W+", "_", section.title.lower())
    return _QUERIES.get_template(f"{name}.sql").render(entities=entities)


SECTIONS = (
    Section(
        "Runs",
        "The last listing of each task, by the run that read it. Rows seen twice and models that "
        "came late are the marks of a listing that changed while it was read.",
        (
            "run",
            "observed at",
            "limit per task",
            "tasks",
            "models listed",
            "pages",
            "rows seen twice",
            "came late",
            "without id",
            "unsettled tasks",
        ),
    ),
    Section(
        "Counts",
        "Rows of each table. A model that several tasks list is one model; those that no listing "
        "shows any more stay in hf.models: fallen out were there when asked for by name, gone were "
        "not.",
        (
            "models",
            "models listed now",
            "models fallen out",
            "models gone",
            "private models",
            "tasks",
            "tasks with no model",
            "models in tasks",
            "daily observations",
            "daily ranks",
            "former names",
            "rows listed",
            "different licences",
            "authors",
        ),
        layout="record",
        if_zero="The catalog is empty: hf.models has no row.",
    ),
    Section(
        "Duplicates and gaps",
        "Keys that stand in more than one row, and tasks whose ranks are not 1 to n.",
        ("check", "found", "for example"),
        layout="checks",
    ),
    Section(
        "Listings kept apart",
        "Listings that nothing reads until somebody accepts them, and that no later one has "
        "replaced: `dlt pipeline hf_catalog run --accept --run-folder ...` takes them as they are.",
        ("check", "found", "for example"),
        layout="checks",
    ),
    Section(
        "Freshness",
        "A model that fell out of every listing keeps the time at which it was last seen.",
        (
            "models the last run did not see",
            "first seen, earliest",
            "last synced, earliest",
            "last synced, latest",
            "a value last changed",
            "changed on the Hub, latest",
            "days observed",
            "first day",
            "last day",
        ),
        layout="record",
    ),
    Section(
        "Tasks with most models",
        "Models in the task's listing, which ends at the run's limit per task.",
        ("task", "models", "downloads"),
    ),
    Section(
        "Tasks with most downloads",
        "Downloads over 30 days of all models in the task's listing. A model that several tasks "
        "list counts in each.",
        ("task", "downloads", "models"),
    ),
    Section(
        "Models per task",
        "Every task with the length of its listing.",
        ("task", "label", "models", "limit"),
        layout="hf_models_per_task.png",
        draw=plots.models_per_task,
    ),
    Section(
        "Listings beside tasks",
        "Filters (libraries and tags), authors and names that were asked for, with the most models "
        "first.",
        ("kind", "asked for", "models", "downloads"),
    ),
    Section(
        "Tasks with no model",
        "Task pages of the Hub that were read and whose listing was empty.",
        ("task", "label"),
    ),
    Section(
        "Most downloaded models",
        "Of the models listed now, by downloads over the 30 days before they were observed.",
        MODEL_COLUMNS,
    ),
    Section(
        "Most liked models",
        "Of the models listed now, by likes since they came to the Hub.",
        MODEL_COLUMNS,
    ),
    Section(
        "Downloads and likes",
        "Models listed now of which the Hub said both.",
        ("model", "downloads", "likes"),
        layout="hf_downloads_and_likes.png",
        draw=plots.downloads_and_likes,
    ),
    Section(
        "Movers of a week",
        "Models that stayed in a task's listing and grew most in it, counts of downloads held "
        "against what is usual there (hf.model_movers). The Hub forgets; this goes back to the "
        "day in the last column.",
        (
            "model",
            "task",
            "downloads before",
            "downloads",
            "places gained",
            "compared with",
            "known since",
        ),
    ),
    Section(
        "Licences",
        "The twenty most used, as the model cards name them; a dash stands for none.",
        ("licence", "models", "% of models"),
    ),
    Section(
        "What model cards leave out",
        "Models without a value.",
        ("column", "models without", "% of models"),
    ),
    Section(
        "Entities",
        "What the models' tags point at. Every id ends as enriched or with the reason why not: "
        "100 % are accounted for.",
        ("entity", "ids", "enriched", "with a reason", "% accounted for"),
    ),
    Section(
        "Entities enriched, and why not",
        "Each entity's ids by outcome, in percent of its ids; not_asked stands for ids whose "
        "enrichment was not run.",
        ("entity", "outcome", "ids", "% of its ids", "for example"),
    ),
    Section(
        "Entities unexplained",
        "Ids that are neither enriched nor say why not.",
        ("check", "found", "for example"),
        layout="checks",
    ),
    Section(
        "What models point at",
        "Pairs of a model and what its tags name, and the share of all models that name any.",
        ("entity", "pairs", "models", "% of models", "different ids"),
    ),
    Section(
        "The paper of the card template",
        "arXiv:1910.09700 stands in the Hub's model card template. It is counted here, and is "
        "nobody's paper in hf.model_articles.",
        ("models that carry it", "of them without a paper of their own"),
        layout="record",
    ),
    Section(
        "Most used base models",
        "Ancestors of most listed models, directly or over others (hf.model_lineage).",
        ("model", "made from it", "directly"),
    ),
)
