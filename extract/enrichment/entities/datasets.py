"""Data sets: `dataset:` tags, described by the Hub and by their Croissant JSON-LD."""

from assay.extract.enrichment.entity import TEXT, Entity, Fetched, Field, References
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.hub import REPOSITORY, dataset, fetch_repositories, repository_record
from assay.extract.enrichment.tags import Row, Tags, row

NAME = "datasets"


def identify(tags: Tags) -> tuple[Row, ...]:
    """Return (id,) of each data set that a model's tags name."""
    return tuple(row(name) for name in tags.ids("dataset"))


def fetch(fetcher: Fetcher, references: References) -> Fetched:
    """Ask the Hub for the data sets without a fresh answer, and return the records of all."""
    ids = references.ids(NAME)
    stats = fetch_repositories(fetcher, NAME, ids, dataset)
    return Fetched((repository_record(fetcher, NAME, name) for name in ids), stats)


ENTITY = Entity(
    name=NAME,
    prefix="dataset",
    file="hf_datasets_specific.json",
    columns={"license": TEXT},
    answered={
        "resolved_id": Field("id"),
        "description": Field("description"),
        **REPOSITORY,
        "croissant": Field("croissant", None),
    },
    mapping_columns={"dataset_id": TEXT},
    identify=identify,
    fetch=fetch,
)
