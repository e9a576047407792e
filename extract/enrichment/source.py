"""What the Hub's models refer to as a dlt source: entities, and which models refer to which.

import dlt
from assay.extract import hub_enrichment

pipeline = dlt.pipeline("hub", destination="duckdb", dataset_name="bronze")
pipeline.run(hub_enrichment(["text-generation"], entities=["datasets"], limit_per_task=100))
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import dlt
import pyarrow as pa
from dlt.common.runtime.collector import NullCollector
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.extract.enrichment import bronze
from assay.extract.enrichment.enrich import enrich_all
from assay.extract.enrichment.entities import ENTITIES
from assay.extract.enrichment.entity import Entity, References
from assay.extract.enrichment.fetcher import ARXIV, DAY_SECONDS, WIKIDATA, Addresses, open_fetcher
from assay.extract.enrichment.identify import identify, read_models
from assay.extract.http.transport import RetryPolicy, SourceUnavailableError
from assay.extract.hub.bronze import MODELS_FILE
from assay.extract.hub.catalog import read_hub
from assay.extract.hub.client import Hub
from assay.extract.hub.source import HUB
from assay.extract.landing.run_folder import RunFolder
from assay.extract.landing.temporary import TemporaryReading


class Enrichment:
    """An enriched run folder, and what its models refer to."""

    def __init__(self, folder: RunFolder, references: References | None = None) -> None:
        self.folder = folder
        if references is not None:
            self.references = references

    @cached_property
    def references(self) -> References:
        """What the models refer to, read when first asked for."""
        return identify(read_models(self.folder.path / MODELS_FILE))


@dlt.source(name="hf_enrichment", max_table_nesting=0)
def hub_enrichment(
    tasks: Sequence[str] | None = None,
    *,
    entities: Sequence[str] | None = None,
    limit_per_task: int = 1000,
    max_tasks: int | None = None,
    depth: int = 1,
    ask_wikidata: bool = False,
    threads: int = 4,
    answers_file: str | None = None,
    max_age_days: float = 30,
    hf_token: TSecretStrValue | None = None,
    hf_endpoint: str = HUB,
    arxiv_endpoint: str = ARXIV,
    wikidata_endpoint: str = WIKIDATA,
    min_interval_seconds: float = 0.5,
    private: bool = False,
    enriched: Enrichment | None = None,
    newer: bronze.Newer | None = None,
) -> list[DltResource]:
    """What the models of the Hub's tasks refer to: of each entity a table of what its own source
    says (hf_datasets), and one of which models refer to it (hf_model_datasets); and which models
    refer to nothing of an entity (hf_without_references).

    tasks, limit_per_task, max_tasks: whose models, as in hub_catalog. entities: by the names
    of common/hub_entities.py; all by default. depth: levels of base models.
    ask_wikidata: also define keywords, one request each. threads: how many ask at once.
    answers_file: a SQLite file that keeps answers, so that the next run asks for the rest only and
    for what is older than max_age_days; none by default. hf_token and the endpoints: from the
    environment or dlt's configuration where they are not given; no token is needed.
    min_interval_seconds: between the starts of two requests to one source. private: whether what
    only the token's owner may see comes in too. enriched: a run folder to load instead of asking
    anybody. newer: what the database knows from later readings, which is not replaced.

    An id that cannot be fetched is a row that says why. Extraction raises ValueError for an entity
    that there is not, and SourceUnavailableError when one could not be read at all.
    """
    chosen = _choose(entities)
    addresses = Addresses(hf_endpoint, arxiv_endpoint, wikidata_endpoint if ask_wikidata else None)
    retry_policy = RetryPolicy(min_interval=min_interval_seconds)

    def read(into: RunFolder) -> None:
        with Hub(hf_endpoint, hf_token, retry_policy, with_private=private) as hub:
            read_hub(
                hub,
                into,
                limit_per_task=limit_per_task,
                wanted=list(tasks) if tasks else None,
                max_tasks=max_tasks,
                progress=NullCollector(),
            )
        with open_fetcher(
            answers_file or into.path / "answers.sqlite",
            addresses,
            hf_token,
            retry_policy,
            threads=threads,
            since=time.time() - max_age_days * DAY_SECONDS,
            depth=depth,
            with_private=private,
            progress=NullCollector(),
        ) as fetcher:
            results = enrich_all(chosen, Enrichment(into).references, fetcher, into)
        if failed := [f"{one.entity}: {one.error}" for one in results if not one.is_written]:
            raise SourceUnavailableError("; ".join(failed))

    reading, later = _Reading(read, enriched), newer or bronze.Newer()
    return [
        *(_entity(entity, reading, later) for entity in chosen),
        *(_mapping(entity, reading, later) for entity in chosen),
        _without_references(chosen, reading, later),
    ]


class _Reading:
    """The given enrichment, or one that is made when the first resource needs it."""

    def __init__(self, read: Callable[[RunFolder], None], given: Enrichment | None) -> None:
        self._temporary, self._given = TemporaryReading(read), given

    @cached_property
    def enrichment(self) -> Enrichment:
        return self._given or Enrichment(self._temporary.folder)


def _choose(entities: Sequence[str] | None) -> list[Entity]:
    """Return entities by name, in the order in which they are enriched."""
    for name in entities or ():
        if name not in ENTITIES:
            raise ValueError(f"no entity {name!r}, choose {', '.join(ENTITIES)}")
    return [one for name, one in ENTITIES.items() if entities is None or name in entities]


def _entity(entity: Entity, reading: _Reading, newer: bronze.Newer) -> DltResource:
    @dlt.resource(**bronze.entity_table(entity).hints(arrow=True))
    def rows() -> Iterator[pa.Table]:
        yield from newer.keep(entity, bronze.entity_rows(entity, reading.enrichment.folder))

    return rows


def _mapping(entity: Entity, reading: _Reading, newer: bronze.Newer) -> DltResource:
    @dlt.resource(**bronze.mapping_table(entity).hints(arrow=True))
    def rows() -> Iterator[pa.Table]:
        found, known = reading.enrichment, newer.models.get(entity.name, ())
        yield from bronze.mapping_rows(entity, found.folder, found.references, known)

    return rows


def _without_references(
    entities: list[Entity], reading: _Reading, newer: bronze.Newer
) -> DltResource:
    @dlt.resource(**bronze.WITHOUT_REFERENCES.hints(arrow=True))
    def rows() -> Iterator[pa.Table]:
        found = reading.enrichment
        for entity in entities:
            known = newer.models.get(entity.name, ())
            yield from bronze.rows_without_references(entity, found.folder, found.references, known)

    return rows
