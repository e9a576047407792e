"""A seed of a recorded post, and what its item is made with."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
# Parts of invented names: no account of a living person is meant by any pair.
NAMES = "bram tuli neris osk pava ilmo dorte wesk fenna jouke sirka lomu tadeo quill ansa rilke"
THINGS = "kettle tinplate moss lantern gasket thistle pylon marrow sprocket ferry quartz noodle"


@dataclass(frozen=True)
class Post:
    """One seed: `head` is the mapping in its first line."""

    theme: str
    category: str
    head: dict[str, Any]
    title: str
    body: str

    @property
    def source(self) -> str:
        """The name of the site that it is of."""
        return self.head["source"]

    def rng(self, what: str) -> random.Random:
        """The source of one thing that is drawn for this post: a new one, the same each time."""
        seed = f"{what} {self.source} {self.head['at']} {self.title}"
        return random.Random(seed)  # noqa: S311 - invented numbers, no secrets

    @property
    def moment(self) -> datetime:
        """When it was posted; the second is drawn unless the seed gives it."""
        at = self.head["at"]
        if isinstance(at, str):
            minute = datetime.strptime(at, "%Y-%m-%d %H:%M")
            return minute.replace(second=self.rng("second").randrange(60), tzinfo=UTC)
        return at.replace(tzinfo=UTC)

    @property
    def epoch(self) -> int:
        """`moment` in seconds since 1970."""
        return int(self.moment.timestamp())

    @property
    def age(self) -> int:
        """Seconds since the first moment for which there are ids."""
        return int((self.moment - FIRST_MOMENT).total_seconds())

    def author(self, joint: str) -> str:
        """An invented name."""
        rng = self.rng("author")
        first, last = rng.choice(NAMES.split()), rng.choice(THINGS.split())
        return f"{first}{joint}{last}" + (str(rng.randrange(2, 99)) if rng.random() < 0.4 else "")

    def later(self, what: str, hours: float) -> int:
        """Some second after the post and within `hours`, mostly soon after."""
        return self.epoch + 60 + int(hours * 3600 * self.rng(what).random() ** 3)


def hexadecimal(text: str, digits: int) -> str:
    """A stand-in for an opaque id."""
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def slug(title: str, joint: str, length: int) -> str:
    """A title as it stands in an address."""
    return joint.join(re.findall(r"[a-z0-9]+", title.lower()))[:length].strip(joint)


def iso(epoch: int) -> str:
    """A moment as most APIs write it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
