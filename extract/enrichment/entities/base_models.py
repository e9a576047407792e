"""The models that others were made from: `base_model:` tags, described by the Hub.

A tag may name the relation, `base_model:finetune:X`. With `--depth` the base models of base models
are asked for as well, level by level.
"""

from collections.abc import Iterable, Iterator

from assay.extract.enrichment.entity import NUMBER, TEXT, Entity, Fetched, Field, References
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.hub import REPOSITORY, fetch_repositories, model, repository_record
from assay.extract.enrichment.tags import BLANKS, Row, Tags, read_tags, row
from assay.extract.enrichment.workers import FetchStats
from assay.extract.hub.names import repository

NAME, PREFIX = "base_models", "base_model"
RELATIONS = ("adapter", "finetune", "merge", "quantized")
UNSPECIFIED = "unspecified"


def identify(tags: Tags) -> tuple[Row, ...]:
    """Return (id, relation) of each base model that a model's tags name.

    The Hub writes both `X` and `finetune:X`, of which the second says more.
    """
    related, plain = set(), set()
    for name in tags.linked.get(PREFIX, ()):
        relation, colon, rest = name.partition(":")
        if colon and relation in RELATIONS:
            related.add(row(rest.strip(BLANKS), relation))
        else:
            plain.add(name)
    known = {name for name, _ in related}
    rows = related | {row(name, UNSPECIFIED) for name in plain - known}
    return tuple(sorted(found for found in rows if found[0]))


def fetch(fetcher: Fetcher, references: References) -> Fetched:
    """Ask the Hub for the base models without a fresh answer, and return the records of all.

    A record's depth is the level on which its model was found first, 1 for those that listed models
    refer to.
    """
    level = references.ids(NAME)
    depths: dict[str, int] = {}
    stats = FetchStats()
    for depth in range(1, fetcher.depth + 1):
        depths |= dict.fromkeys(level, depth)
        stats += fetch_repositories(fetcher, NAME, level, model)
        if depth < fetcher.depth:
            level = sorted(set(_parents(fetcher, level)) - depths.keys())
    records = (
        repository_record(fetcher, NAME, name) | {"depth": depths[name]} for name in sorted(depths)
    )
    return Fetched(records, stats)


def _parents(fetcher: Fetcher, names: Iterable[str]) -> Iterator[str]:
    """Yield what the models of one level were made from, by their own tags."""
    for name in names:
        answer = fetcher.repository(NAME, repository(name))
        if answer and answer.found:
            yield from (parent for parent, _ in identify(read_tags(answer.found, {PREFIX})))


ENTITY = Entity(
    name=NAME,
    prefix=PREFIX,
    file="hf_models_specific.json",
    columns={"license": TEXT, "depth": NUMBER},
    answered={
        "resolved_id": Field("id"),
        "pipeline_tag": Field("pipeline_tag"),
        "library_name": Field("library_name"),
        "parameters": Field("safetensors.total", NUMBER),
        **REPOSITORY,
    },
    mapping_columns={"base_model_id": TEXT, "relation": TEXT},
    identify=identify,
    fetch=fetch,
)
