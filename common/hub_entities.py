"""What the Hub's models refer to: what the parts of the project know of each entity, in one place.

An entity is a module of extract/enrichment/entities, a table and a mapping in models/hf/enrichment,
and a line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class HubEntity:
    """One entity.

    name: of its module, of its table in hf and, after `model_`, of the mapping there. key: the
    column that identifies it in hf. label: its name for people, in the plural. bronze: its table
    there. bronze_key: the column that identifies it there. recording: the file of recorded items
    without which a replay has nothing to say of it.
    """

    name: str
    key: str
    label: str
    bronze: str
    bronze_key: str
    recording: str

    @property
    def mapping(self) -> str:
        """The table of bronze that says which models refer to it."""
        return f"hf_model_{self.name}"


# In the order in which they are enriched: base models come after data sets.
_ALL = (
    HubEntity(
        "datasets",
        key="dataset_id",
        label="data sets",
        bronze="hf_datasets",
        bronze_key="dataset_id",
        recording="hf_datasets.jsonl",
    ),
    HubEntity(
        "articles",
        key="arxiv_id",
        label="papers",
        bronze="arxiv_articles",
        bronze_key="arxiv_id",
        recording="arxiv.jsonl",
    ),
    HubEntity(
        "base_models",
        key="base_model_id",
        label="base models",
        bronze="hf_base_models",
        bronze_key="model_id",
        recording="hf_models.jsonl",
    ),
    HubEntity(
        "keywords",
        key="keyword_id",
        label="keywords",
        bronze="hf_keywords",
        bronze_key="keyword_id",
        recording="hf_tags_by_type.json",
    ),
    HubEntity(
        "licenses",
        key="license_id",
        label="licences",
        bronze="hf_licenses",
        bronze_key="license_id",
        recording="hf_tags_by_type.json",
    ),
)

HUB_ENTITIES: Mapping[str, HubEntity] = {entity.name: entity for entity in _ALL}
