"""A post of an issue, as the rules of the local label see it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Member:
    """One post. person: stands for who wrote it, "" where nobody knows; then each is one person.
    place: where within its source it was written: a repository, tags, a community."""

    title: str
    text: str
    source: str
    engagement: int  # votes and comments together
    is_problem: bool = True
    person: str = ""
    url: str = ""
    place: str = ""

    @property
    def words(self) -> str:
        """Return title and text as one."""
        return f"{self.title}\n{self.text}"


def people(members: Iterable[Member]) -> int:
    """Return how many persons wrote these posts."""
    known, unknown = set(), 0
    for member in members:
        if member.person:
            known.add(member.person)
        else:
            unknown += 1
    return len(known) + unknown


def share_of_people(members: Sequence[Member], speaks: Callable[[Member], object]) -> float:
    """Return the share of the persons of whom a post does what `speaks` looks for, 0 to 1."""
    return people(member for member in members if speaks(member)) / max(people(members), 1)
