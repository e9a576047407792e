"""What models point at, read from their tags: pure functions, no network, no clock.

A model's tags name datasets, papers, base models, licences and keywords. Ids are taken as written,
without blanks around them; only an arXiv id loses its version, since a model cites a paper, not a
revision of it. Whether a thing exists is not decided here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from assay.extract.http.transport import parse_json

RELATIONS = ("adapter", "finetune", "merge", "quantized")
UNSPECIFIED = "unspecified"
KINDS = ("pipeline_tag", "library", "tag")  # how a model names a keyword, the plainest last
# The template of model cards cites this paper in its line on carbon emissions.
TEMPLATE_LEFTOVER = "1910.09700"

# https://info.arxiv.org/help/arxiv_identifier.html: since April 2007 YYMM.number, before that
# archive[.subject]/YYMMnumber.
_ARXIV_ID = re.compile(
    r"(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.ASCII
)
_LINKS = ("dataset", "arxiv", "base_model", "license")
_BLANKS = "\0 \t\r\n"


@dataclass(frozen=True, slots=True)
class Pointers:
    """What one model points at; each field sorted, nothing twice.

    base_models: (id, relation). keywords: (id, kind), each id once; kind is `pipeline_tag` or
    `library` when that field of the model names it, otherwise `tag`.
    """

    datasets: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    base_models: tuple[tuple[str, str], ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()
    licenses: tuple[str, ...] = ()

    def tags(self) -> list[str]:
        """Return tags that say the same."""
        relations = (
            f"base_model:{name}" if kind == UNSPECIFIED else f"base_model:{kind}:{name}"
            for name, kind in self.base_models
        )
        return [
            *(f"dataset:{name}" for name in self.datasets),
            *(f"arxiv:{name}" for name in self.articles),
            *relations,
            *(name for name, _ in self.keywords),
            *(f"license:{name}" for name in self.licenses),
        ]


def arxiv_id(text: str) -> str | None:
    """Return an arXiv id without its version, None when no paper can have it."""
    match = _ARXIV_ID.fullmatch(text)
    return match[1] if match else None


def pointers(record: Mapping[str, Any]) -> Pointers:
    """Return what one model record of the Hub's API points at. Never raises."""
    linked: dict[str, set[str]] = {}
    keywords: dict[str, tuple[str, str]] = {}
    tags = record.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str):
            link, name = _read_tag(tag)
            if link:
                linked.setdefault(link, set()).add(name)
            else:
                keywords[name] = _pair(name, "tag")
    # The later one wins: a word that is both is the model's task.
    for kind, key in (("library", "library_name"), ("pipeline_tag", "pipeline_tag")):
        name = record.get(key)
        if isinstance(name, str):
            keywords[name.strip(_BLANKS)] = _pair(name.strip(_BLANKS), kind)
    keywords.pop("", None)
    return Pointers(
        datasets=_named(linked.get("dataset")),
        articles=_named(linked.get("arxiv")),
        base_models=_related(linked["base_model"]) if "base_model" in linked else (),
        keywords=tuple(sorted(keywords.values())),
        licenses=_named(linked.get("license")),
    )


@lru_cache(maxsize=1_000_000)  # the same few tags sit on most models
def _read_tag(tag: str) -> tuple[str, str]:
    """Return which kind of thing a tag points at and its id; ("", keyword) for all other tags."""
    link, colon, name = tag.strip(_BLANKS).partition(":")
    if not colon or link not in _LINKS:
        return "", tag.strip(_BLANKS)
    name = name.strip(_BLANKS)
    return link, (link == "arxiv" and arxiv_id(name)) or name


@lru_cache(maxsize=1_000_000)
def _pair(name: str, kind: str) -> tuple[str, str]:
    """Return the same pair each time: a million models share a few thousand of them."""
    return name, kind


def _named(names: set[str] | None) -> tuple[str, ...]:
    return tuple(sorted(names - {""})) if names else ()


def _related(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read `X` and `finetune:X`; the Hub writes both, and the second says more."""
    related, plain = set(), set()
    for name in names:
        relation, colon, rest = name.partition(":")
        if colon and relation in RELATIONS:
            related.add((rest.strip(_BLANKS), relation))
        else:
            plain.add(name)
    known = {name for name, _ in related}
    found = related | {(name, UNSPECIFIED) for name in plain - known}
    return tuple(sorted(pair for pair in found if pair[0]))


def identify(records: Iterable[Mapping[str, Any]]) -> dict[str, Pointers]:
    """Return what each listed model points at, by model id, sorted, whatever the records' order.

    records: those of a run folder's hf_models.json, with `_task_id` and `_seq`. A model counts as
    it was last observed; one that has left every task that listed it does not count.
    """
    last: dict[str, dict[str, tuple[int, Pointers | None]]] = {}
    for record in records:
        tasks = last.setdefault(record["id"], {})
        seq, task = record["_seq"], record["_task_id"]
        if task not in tasks or tasks[task][0] < seq:
            tasks[task] = seq, None if "_left" in record else pointers(record)
    found = {}
    for model_id in sorted(last):
        listed = [(seq, known) for seq, known in last[model_id].values() if known is not None]
        if listed:
            found[model_id] = max(listed, key=itemgetter(0))[1]
    return found


def read_models(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a run folder's hf_models.json, which has one per line."""
    with path.open("rb") as lines:
        for line in lines:
            record = line.strip().removesuffix(b",")
            if record not in (b"[", b"]", b""):
                yield _record(record)


def _record(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:  # a number longer, or nested deeper, than orjson reads
        return parse_json(line)
