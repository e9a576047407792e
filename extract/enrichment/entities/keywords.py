"""Keywords: all tags that refer to no other entity, and a model's task and library.

The Hub's tag vocabulary labels them; Wikidata defines them, for those who ask it (`--wikidata`).
"""

from collections.abc import Mapping

from assay.extract.enrichment.cache import NOT_IN_VOCABULARY
from assay.extract.enrichment.entity import TEXT, Entity, Fetched, Field, Record, References, record
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.hub import fetch_vocabulary, labels
from assay.extract.enrichment.tags import Row, Tags, row
from assay.extract.enrichment.workers import FetchStats

NAME = "keywords"
KINDS = ("pipeline_tag", "library", "tag")  # how a model names a keyword, the plainest last
DEFINITIONS = "definitions"  # what Wikidata answered, by keyword


def identify(tags: Tags) -> tuple[Row, ...]:
    """Return (id, kind) of each keyword, each id once.

    kind is `pipeline_tag` or `library` when that field of the model names it, otherwise `tag`.
    """
    kinds = dict.fromkeys(tags.words, "tag")
    # The later one wins: a word that is both is the model's task.
    for kind, name in (("library", tags.library_name), ("pipeline_tag", tags.pipeline_tag)):
        if name:
            kinds[name] = kind
    return tuple(row(name, kind) for name, kind in sorted(kinds.items()))


def fetch(fetcher: Fetcher, references: References) -> Fetched:
    """Look all keywords up in the Hub's vocabulary, and Wikidata if it is to be asked."""
    kinds = _kinds(references)
    vocabulary, stats = fetch_vocabulary(fetcher) if kinds else (None, FetchStats())
    known = labels(vocabulary, without=references.prefixes, first=KINDS)
    missing = NOT_IN_VOCABULARY if vocabulary else fetcher.unanswered
    stats += _define(fetcher, {name: known[name][1] for name in sorted(kinds) if name in known})

    def keyword(name: str) -> Record:
        if name not in known:
            return record(name, None, missing) | {"kind": kinds[name]}
        kind, label = known[name]
        definition = fetcher.answers.get(DEFINITIONS, name)
        more = (definition.found if definition else None) or {}
        found = {
            "label": label,
            "wikidata_id": more.get("id"),
            "description": more.get("description"),
        }
        return record(name, vocabulary, None) | {"kind": kind, "answer": found}

    return Fetched(map(keyword, sorted(kinds)), stats)


def _kinds(references: References) -> dict[str, str]:
    """Return how models name each keyword, the most telling way of all models."""
    kinds: dict[str, str] = {}
    for _, rows in references.of(NAME):
        for name, kind in rows:
            if kind != "tag" or name not in kinds:
                kinds[name] = min(kind, kinds.get(name, kind), key=KINDS.index)
    return kinds


def _define(fetcher: Fetcher, names: Mapping[str, str]) -> FetchStats:
    """Ask Wikidata, if it is to be asked, for what the Hub only has a label for."""
    wikidata = fetcher.wikidata
    if wikidata is None:
        return FetchStats()
    return fetcher.ask_each(
        DEFINITIONS, fetcher.missing(DEFINITIONS, names), lambda name: wikidata.define(names[name])
    )


ENTITY = Entity(
    name=NAME,
    file="keywords.json",
    columns={"kind": TEXT},
    answered={"label": Field("label"), "description": Field("description")},
    mapping_columns={"keyword_id": TEXT, "kind": TEXT},
    identify=identify,
    fetch=fetch,
)
