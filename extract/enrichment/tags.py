"""A model's tags, read once for all entities: pure functions, no network, no clock.

Most tags are words. A tag `dataset:squad` refers to an entity by a prefix and an id. Ids are taken
as written, without blanks around them; whether such a thing exists is not decided here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assay.extract.landing.odd import is_key

BLANKS = "\0 \t\r\n"

Row = tuple[Any, ...]  # what a mapping says of one reference, after the model's id


@dataclass(frozen=True, slots=True)
class Tags:
    """What the tags of one model say.

    linked: ids by the prefix they were written with. words: all other tags. pipeline_tag,
    library_name: the fields of these names, "" where the model has none.
    """

    linked: Mapping[str, set[str]]
    words: Collection[str]
    pipeline_tag: str
    library_name: str

    def ids(self, prefix: str) -> list[str]:
        """Return the ids that were written with a prefix, sorted."""
        return sorted(self.linked.get(prefix, ()))


def read_tags(record: Mapping[str, Any], prefixes: Collection[str]) -> Tags:
    """Read the tags of one model record of the Hub's API. Never raises.

    prefixes: those that refer to an entity; a tag with another one is a word. What is too long to
    be a key is none of them (hf.rejected tells of it).
    """
    linked: dict[str, set[str]] = {}
    words = set()
    tags = record.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and is_key(tag):
            word, prefix, name = _split(tag)
            if prefix not in prefixes:
                words.add(word)
            elif name:
                linked.setdefault(prefix, set()).add(name)
    words.discard("")
    return Tags(linked, words, _field(record, "pipeline_tag"), _field(record, "library_name"))


@lru_cache(maxsize=1_000_000)  # the same few tags are on most models
def _split(tag: str) -> tuple[str, str, str]:
    """Return a tag without blanks around it, its prefix and what follows; without a colon the
    prefix is ""."""
    word = tag.strip(BLANKS)
    prefix, colon, name = word.partition(":")
    return word, prefix if colon else "", name.strip(BLANKS)


def _field(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return value.strip(BLANKS) if isinstance(value, str) and is_key(value) else ""


@lru_cache(maxsize=1_000_000)
def row(*values: Any) -> Row:
    """Return the same tuple for the same values: a million models share a few thousand of them."""
    return values
