"""What an entity is to the pipeline: everything that differs between datasets, articles, ...

Each entity is one module of extract/enrichment/entities that makes one `Entity`. The pipeline, the
loading and the dlt source are written once and read it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from assay.common.hub_entities import HUB_ENTITIES
from assay.extract.enrichment.cache import Answer
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.tags import Row, Tags
from assay.extract.enrichment.workers import FetchStats
from assay.extract.landing.table import UTC_TIME

TEXT, NUMBER, FLAG, TIME = pa.string(), pa.int64(), pa.bool_(), UTC_TIME

Record = dict[str, Any]  # what an entity's file says of one id


@dataclass(frozen=True)
class Field:
    """Where a source's answer holds the value of a column.

    path: keys below the answer, with points between them. type: None for JSON, which is kept as it
    came.
    """

    path: str
    type: pa.DataType | None = TEXT


@dataclass(frozen=True)
class Fetched:
    """What fetching one entity came to: a record for each id, in order of the ids."""

    records: Iterable[Record]
    stats: FetchStats = field(default_factory=FetchStats)


class References:
    """What the listed models refer to: the rows of each entity's mapping, model by model."""

    def __init__(
        self,
        entities: Iterable[str],
        prefixes: frozenset[str],
        by_model: Mapping[str, tuple[tuple[Row, ...], ...]],
    ) -> None:
        self.prefixes = prefixes  # of the tags that refer to any entity
        self._place = {name: number for number, name in enumerate(entities)}
        self._by_model = by_model  # a tuple per model, not a dict: there are millions of models

    def __len__(self) -> int:
        """How many models there are, with references or without."""
        return len(self._by_model)

    def of(self, entity: str) -> Iterator[tuple[str, tuple[Row, ...]]]:
        """Yield every model's id and its rows of one entity, in order of the models' ids."""
        place = self._place[entity]
        return ((model_id, rows[place]) for model_id, rows in self._by_model.items())

    def ids(self, entity: str) -> list[str]:
        """Return the ids of one entity that models refer to, each once, sorted."""
        return sorted({row[0] for _, rows in self.of(entity) for row in rows})


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One kind of thing that models refer to.

    name: in hf and in `--select`. prefix: of the tags that refer to it, None when none does.
    file: in the run folder, a record per id. columns: those of its records outside of the answer.
    answered: its other columns, by their place in the answer. mapping_columns: what a row of its
    mapping holds after model_id.
    identify: the rows that a model's tags make in the mapping, each once, sorted; pure.
    fetch: the records of all that models refer to; asks for those without a fresh answer.
    """

    name: str
    prefix: str | None = None
    file: str
    columns: Mapping[str, pa.DataType] = field(default_factory=dict)
    answered: Mapping[str, Field]
    mapping_columns: Mapping[str, pa.DataType]
    identify: Callable[[Tags], tuple[Row, ...]]
    fetch: Callable[[Fetcher, References], Fetched]

    @property
    def table(self) -> str:
        """The bronze table of what its source says."""
        return HUB_ENTITIES[self.name].bronze

    @property
    def key(self) -> str:
        """The column of that table which identifies it."""
        return HUB_ENTITIES[self.name].bronze_key

    @property
    def mapping(self) -> str:
        """The bronze table of which models refer to it."""
        return HUB_ENTITIES[self.name].mapping


def record(name: str, answer: Answer | None, reason: str | None) -> Record:
    """Return what the file says of one id; `reason` is for those without an answer."""
    if answer is None:
        return {"id": name, "enriched": False, "reason": reason, "fetched_at": None}
    made = {
        "id": name,
        "enriched": answer.reason is None,
        "reason": answer.reason,
        "fetched_at": answer.fetched_at,
    }
    return made if answer.found is None else made | {"answer": answer.found}
