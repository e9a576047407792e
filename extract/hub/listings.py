"""What the catalog may list of the Hub: tasks, filters, authors, and models by their names.

Every listing has an id, which stands in bronze as task_id: a task's own id, and for the others
their kind before what they ask for, `filter:gguf`. Pure functions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from assay.extract.hub.names import repository

TASK, FILTER, AUTHOR, NAME = "task", "filter", "author", "name"
# Models that no listing shows any more, asked for by name (extract/hub/followed.py).
FOLLOWED = "followed"
# Every model of the Hub (extract/hub/whole.py).
ALL = "all"
# Words that stand for ids of tasks.
ALL_TASKS, NO_TASKS = "all", "none"
# A library is a tag like any other, but the Hub's pages write it with this prefix.
_LIBRARY = "library:"


@dataclass(frozen=True)
class Wanted:
    """One listing to be read. kind: TASK, FILTER, AUTHOR or NAME; name: what it asks for, of a
    filter several tags with `&` between them, all of which must hold."""

    kind: str
    name: str

    @property
    def listing_id(self) -> str:
        """The listing's id in bronze."""
        return self.name if self.kind == TASK else f"{self.kind}:{self.name}"

    @property
    def tags(self) -> list[str]:
        """The tags that a model of the listing must have."""
        if self.kind == FILTER:
            words = (tag.strip().removeprefix(_LIBRARY) for tag in self.name.split("&"))
            return [word for word in words if word]
        return [self.name] if self.kind == TASK else []

    def shows(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a model, asked for by its name, belongs to the listing."""
        if self.kind == AUTHOR:
            owner, _, _ = str(record.get("id")).rpartition("/")
            return self.name in (record.get("author"), owner)
        held = record.get("tags")
        return isinstance(held, list) and all(tag in held for tag in self.tags)


@dataclass(frozen=True)
class Choice:
    """What one run lists.

    tasks: ids; None for all that the Hub has, empty for none. others: the other listings.
    """

    tasks: list[str] | None
    others: list[Wanted]


def choose(
    tasks: Sequence[str] | None,
    filters: Sequence[str] = (),
    authors: Sequence[str] = (),
    models: Sequence[str] = (),
) -> Choice:
    """Return what to list; each listing once, in the order given.

    tasks: ids, or ALL_TASKS or NO_TASKS alone; None means all where nothing else is named, and none
    beside other listings. models: names, also as addresses of the Hub. Raises ValueError for what
    can be no filter, no author, or no name of a model.
    """
    others = [Wanted(FILTER, one) for one in filters]
    others += [Wanted(AUTHOR, one) for one in authors]
    others += [Wanted(NAME, repository(one)) for one in models]
    for one in others:
        _check(one)
    chosen = _tasks(tasks, beside=bool(others))
    if chosen == [] and not others:
        raise ValueError("there is nothing to list: name tasks, filters, authors or models")
    return Choice(chosen, list(dict.fromkeys(others)))


def options_for(listing_ids: Sequence[str]) -> str:
    """Return the options that ask for these listings alone."""
    flags = {TASK: "--tasks", FILTER: "--filter", AUTHOR: "--authors", NAME: "--models"}
    named: dict[str, list[str]] = {}
    for kind, name in _parted(listing_ids):
        named.setdefault(flags[kind], []).append(name)
    return " ".join(f"{flag} {','.join(names)}" for flag, names in named.items())


def _parted(listing_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for one in listing_ids:
        kind, _, name = one.partition(":")
        yield (kind, name) if kind in (FILTER, AUTHOR, NAME) and name else (TASK, one)


def _tasks(tasks: Sequence[str] | None, *, beside: bool) -> list[str] | None:
    if tasks is None:
        return [] if beside else None
    words = list(tasks)
    if ALL_TASKS in words or NO_TASKS in words:
        if len(words) > 1:
            raise ValueError(f"{ALL_TASKS} and {NO_TASKS} stand alone, not beside ids of tasks")
        return None if words == [ALL_TASKS] else []
    return words


def _check(wanted: Wanted) -> None:
    """Raise ValueError for what the Hub could only refuse."""
    if wanted.kind == FILTER and not wanted.tags:
        raise ValueError(f"{wanted.name!r} is no filter: give tags like gguf or license:mit")
    if wanted.kind == AUTHOR and ("/" in wanted.name or not _is_name(wanted.name)):
        raise ValueError(f"{wanted.name!r} is no author: give the part of a name before the slash")
    if wanted.kind == NAME and not _is_name(wanted.name):
        raise ValueError(f"{wanted.name!r} is no name of a model: give owner/name")


def _is_name(text: str) -> bool:
    try:
        validate_repo_id(text)
    except HFValidationError:
        return False
    return True
