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
        "datasets", "dataset_id", "data sets", "hf_datasets", "dataset_id", "hf_datasets.jsonl"
    ),
    HubEntity("articles", "arxiv_id", "papers", "arxiv_articles", "arxiv_id", "arxiv.jsonl"),
    HubEntity(
        "base_models",
        "base_model_id",
        "base models",
        "hf_base_models",
        "model_id",
        "hf_models.jsonl",
    ),
    HubEntity(
        "keywords", "keyword_id", "keywords", "hf_keywords", "keyword_id", "hf_tags_by_type.json"
    ),
    HubEntity(
        "licenses", "license_id", "licences", "hf_licenses", "license_id", "hf_tags_by_type.json"
    ),
)

HUB_ENTITIES: Mapping[str, HubEntity] = {entity.name: entity for entity in _ALL}
