"""Papers: `arxiv:` tags, described by arXiv. A model cites a paper, not a revision of it."""

import re
from collections.abc import Iterator
from functools import lru_cache

from assay.extract.enrichment.arxiv import BATCH, Arxiv
from assay.extract.enrichment.cache import Answer
from assay.extract.enrichment.entity import (
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Entity,
    Fetched,
    Field,
    Record,
    References,
    record,
)
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.tags import Row, Tags, row
from assay.extract.enrichment.workers import FetchStats, Unit
from assay.extract.hub.client import MALFORMED, NOT_FOUND

NAME = "articles"
# The template of model cards cites this paper in its line on carbon emissions.
TEMPLATE_LEFTOVER = "1910.09700"

# https://info.arxiv.org/help/arxiv_identifier.html: since April 2007 YYMM.number, before that
# archive[.subject]/YYMMnumber.
_ARXIV_ID = re.compile(
    r"(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.ASCII
)


@lru_cache(maxsize=1_000_000)  # many models cite the same few papers
def arxiv_id(text: str) -> str | None:
    """Return an arXiv id without its version, None when no paper can have it."""
    match = _ARXIV_ID.fullmatch(text)
    return match[1] if match else None


def identify(tags: Tags) -> tuple[Row, ...]:
    """Return (id, whether it is the template's leftover) of each paper that a model's tags name.

    An id that no paper can have stays as it is written: it ends as a row with that reason.
    """
    names = {arxiv_id(name) or name for name in tags.linked.get("arxiv", ())}
    return tuple(row(name, name == TEMPLATE_LEFTOVER) for name in sorted(names))


def fetch(fetcher: Fetcher, references: References) -> Fetched:
    """Ask arXiv for the papers without a fresh answer, and return the records of all."""
    ids = references.ids(NAME)
    stats = FetchStats()
    arxiv = fetcher.arxiv
    if arxiv is not None:
        wanted = [
            name
            for name in fetcher.missing(NAME, ids)
            if name != TEMPLATE_LEFTOVER and arxiv_id(name)
        ]
        units: list[Unit] = [
            wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)
        ]
        # One connection at a time is arXiv's rule.
        stats = fetcher.ask_all(NAME, units, lambda unit: list(_look(arxiv, unit)), threads=1)
    return Fetched((_record(fetcher, name) for name in ids), stats)


def _look(arxiv: Arxiv, ids: Unit) -> Iterator[tuple[str, Answer]]:
    """Ask for several papers at once; an id for which arXiv would not say gets no answer."""
    looked = arxiv.look(ids)
    now = int(arxiv.clock.time())
    for name in ids:
        if name in looked.papers:
            yield name, Answer(None, now, looked.papers[name])
        elif name in looked.malformed:
            yield name, Answer(MALFORMED, now)
        elif name not in looked.unclear:
            yield name, Answer(NOT_FOUND, now)


def _record(fetcher: Fetcher, name: str) -> Record:
    if name == TEMPLATE_LEFTOVER:
        made = record(name, None, "template_leftover")
    elif arxiv_id(name) is None:
        made = record(name, None, MALFORMED)
    else:
        made = record(name, fetcher.answers.get(NAME, name), fetcher.unanswered)
    return made | {"is_template_leftover": name == TEMPLATE_LEFTOVER}


ENTITY = Entity(
    name=NAME,
    prefix="arxiv",
    file="arxiv_articles.json",
    columns={"is_template_leftover": FLAG},
    answered={
        "title": Field("title"),
        "summary": Field("summary"),
        "primary_category": Field("primary_category"),
        "doi": Field("doi"),
        "journal_ref": Field("journal_ref"),
        "comment": Field("comment"),
        "version": Field("version", NUMBER),
        "published_at": Field("published", TIME),
        "updated_at": Field("updated", TIME),
        "authors": Field("authors", None),
        "categories": Field("categories", None),
    },
    mapping_columns={"arxiv_id": TEXT, "is_template_leftover": FLAG},
    identify=identify,
    fetch=fetch,
)
