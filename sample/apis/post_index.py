"""What the four APIs of posts share: an index over recorded items, windows per caller, quirks.

The items stay in their file. In memory are numbers (dates, scores) as columns, names (labels, tags,
subreddits) with the rows that carry them, and one order per sort: a page costs what its items cost.
"""

from __future__ import annotations

import difflib
import gc
import logging
import math
import mmap
import re
import threading
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from assay.common.post_sources import POST_SOURCES
from assay.sample.apis.repo_index import loads
from assay.sample.server.wire import Options, Response, Window

log = logging.getLogger(__name__)

Item = dict[str, Any]
Names = list[tuple[str, str]]
Described = tuple[dict[str, float], Names]

UNKNOWN = math.nan  # meets no comparison
REACH = 1000  # the APIs give this many items of one search or listing
CACHED = 32  # selections kept; one of all of 200,000 items takes 0.8 MB

QUIRKS = {
    name: meaning
    for source in POST_SOURCES.values()
    for name, meaning in source.recording.quirks.items()
} | {
    "short-window": "limits of posts count in windows of N seconds instead of their own",
    "cap": "a search or listing of posts reaches N items instead of 1000",
    "wikidata": "Wikidata's search for entities is there, over the Hub's vocabulary",
    "arxiv-pace": "arXiv refuses a request less than N seconds after the one before",
}
COUNTED = ("token-life", "short-window", "cap", "arxiv-pace")


def parse_quirks(specs: Iterable[str]) -> dict[str, int]:
    """Read `NAME` and `NAME:N`. Raises ValueError, with the nearest names, for any other."""
    quirks = {}
    for spec in specs:
        name, _, amount = spec.partition(":")
        if name not in QUIRKS:
            near = difflib.get_close_matches(name, QUIRKS, n=3, cutoff=0.4) or list(QUIRKS)
            raise ValueError(f"unknown quirk {name!r}: did you mean {', '.join(near)}?")
        if name in COUNTED and not (amount.isdecimal() and int(amount)):
            raise ValueError(f"{spec}: write {name}:N with a whole number from 1")
        if name not in COUNTED and amount:
            raise ValueError(f"{spec}: {name} takes no number")
        quirks[name] = int(amount or 1)
    return quirks


def number(value: Any) -> float:
    """The number itself; UNKNOWN for everything that is not a finite number."""
    if type(value) is not int and type(value) is not float:
        return UNKNOWN
    try:
        return float(value) if math.isfinite(value) else UNKNOWN
    except OverflowError:  # an integer beyond what a float holds
        return UNKNOWN


def epoch(value: Any) -> float:
    """Seconds since 1970 of an ISO time or of a number; UNKNOWN for everything else."""
    if not isinstance(value, str):
        return number(value)
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return UNKNOWN


def whole(text: Any, base: int = 10) -> float:
    """The number that an id spells; UNKNOWN for everything that is none."""
    try:
        return float(int(text, base)) if isinstance(text, str) and len(text) < 20 else number(text)
    except ValueError:
        return UNKNOWN


def mapping(value: Any) -> Item:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def named(column: str, values: Any) -> Names:
    """A text, or the texts of a list, as names of a column, compared without regard to case.

    What is no text is left out.
    """
    values = values if isinstance(values, list) else [values]
    return [(column, value.lower()) for value in values if isinstance(value, str)]


class Items:
    """The items of one file by row, which is the place in the file. Thread-safe.

    `describe` gives an item's numbers, always of the same names and with an `id` for ties, and its
    names. Lines which hold no JSON object are left out with a warning.
    """

    def __init__(self, path: Path, describe: Callable[[Item], Described]) -> None:
        began = time.perf_counter()
        self._starts, self._lengths = array("q"), array("i")
        self._numbers: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._carriers: dict[tuple[str, str], array[int]] = defaultdict(lambda: array("i"))
        self._read(path, describe)
        self.size = len(self._starts)
        self._columns = {name: np.array(column) for name, column in self._numbers.items()}
        with path.open("rb") as file:
            length = path.stat().st_size  # an empty file cannot be mapped
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if length else b""
        self._lock = threading.Lock()
        self._kept: dict[Hashable, np.ndarray] = {}
        log.info("%s: %d items in %.1f s", path.name, self.size, time.perf_counter() - began)

    def _read(self, path: Path, describe: Callable[[Item], Described]) -> None:
        start, collecting = 0, gc.isenabled()
        gc.disable()  # many short-lived dicts, none of them in a cycle
        try:
            with path.open("rb") as file:
                for line_number, raw in enumerate(file, 1):
                    line = raw.strip()
                    if line and not self._add(line, start + raw.index(line), describe):
                        log.warning("%s line %d is no JSON object", path.name, line_number)
                    start += len(raw)
        finally:
            if collecting:
                gc.enable()

    def _add(self, line: bytes, start: int, describe: Callable[[Item], Described]) -> bool:
        try:
            item = loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(item, dict):
            return False
        numbers, names = describe(item)
        for name, value in numbers.items():
            self._numbers[name].append(value)
        for pair in names:
            self._carriers[pair].append(len(self._starts))
        self._starts.append(start)
        self._lengths.append(len(line))
        return True

    def column(self, name: str) -> np.ndarray:
        """One number per row; UNKNOWN where the item has none."""
        return self._columns.get(name, np.empty(0))

    def carrying(self, column: str, *names: str) -> np.ndarray:
        """Which rows carry any of these names, as one bool per row."""
        mask = np.zeros(self.size, dtype=bool)
        for name in names:
            if rows := self._carriers.get((column, name.lower())):
                mask[np.frombuffer(rows, dtype="i4")] = True
        return mask

    def knows(self, column: str, *names: str) -> bool:
        """Whether any row carries any of these names."""
        return any((column, name.lower()) in self._carriers for name in names)

    def first(self, column: str, name: str) -> int | None:
        """The first row which carries this name, or None."""
        rows = self._carriers.get((column, name.lower()))
        return rows[0] if rows else None

    def order(self, by: str) -> np.ndarray:
        """All rows, highest first; ties by highest id; those without the number last."""

        def sort() -> np.ndarray:
            keys = [np.nan_to_num(-self.column(name), nan=np.inf) for name in ("id", by)]
            return np.lexsort(keys).astype("i4")

        return self.kept(("order", by), sort)

    def pick(self, mask: np.ndarray, by: str, *, ascending: bool = False) -> np.ndarray:
        """The rows of a mask in an order."""
        order = self.order(by)
        rows = order[mask[order]]
        return rows[::-1] if ascending else rows

    def holding(
        self, mask: np.ndarray, patterns: Iterable[re.Pattern[str]], fields: Iterable[str]
    ) -> np.ndarray:
        """The part of a mask whose items have a match of every pattern in one of the fields.

        Reads the items of the mask, which takes a second or so for a GB: narrow it before.
        """
        patterns, fields, found = list(patterns), list(fields), mask.copy()
        for row in np.flatnonzero(mask).tolist() if patterns else ():
            [item] = self.items([row])
            text = "\n".join(t for t in map(item.get, fields) if isinstance(t, str))
            found[row] = all(pattern.search(text) for pattern in patterns)
        return found

    def items(self, rows: Iterable[int]) -> list[Item]:
        """The items of these rows as recorded."""
        starts, lengths, file = self._starts, self._lengths, self._file
        return [loads(file[starts[row] : starts[row] + lengths[row]]) for row in rows]

    def kept(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What `make` gave for this key, from before if it is still kept."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        made = make()
        with self._lock:
            while len(self._kept) >= CACHED:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = made
        return made


class Callers:
    """A fixed window for each caller, or none at all when the replay's quota is 0."""

    def __init__(self, options: Options, seconds: int) -> None:
        self._off, self._clock = not options.quota, options.clock
        self._seconds = options.quirks.get("short-window", seconds)
        self._windows: dict[str | None, Window] = {}
        self._lock = threading.Lock()

    def take(self, caller: str | None, quota: int) -> tuple[bool, int, int]:
        """Count one request: (whether it may pass, requests left, whole seconds to the reset)."""
        if self._off:
            return True, quota, self._seconds
        with self._lock:
            window = self._windows.setdefault(caller, Window(quota, self._seconds, self._clock))
        return window.take()


class PostApi:
    """What an API of posts does like the other three: it indexes its one file, and counts callers.

    describe: what an item is found and sorted by. window_seconds: those of its limit.
    """

    needs: ClassVar[tuple[str, ...]]
    describe: ClassVar[Callable[[Item], Described]]
    window_seconds: ClassVar[int]

    def __init__(self, items: Items, options: Options) -> None:
        self._items, self._quirks = items, options.quirks
        self._callers = Callers(options, self.window_seconds)
        self._reach = options.quirks.get("cap", REACH)

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Index the folder's items."""
        return cls(Items(folder / cls.needs[0], cls.describe), options)

    def meter(self) -> tuple[dict[str, str], Response | None]:
        """A request that no API owns costs nobody anything."""
        return {}, None


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of `Authorization: Bearer ...`, or of the older `token ...`, or None."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() in ("bearer", "token") else None


def count(text: str | None, default: int, most: int) -> int:
    """A number of items as the APIs read it: nonsense is the default, too much the most."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        return default
    return min(int(text), most)


def whole_words(text: str) -> re.Pattern[str]:
    """Matches these words next to each other, in any case."""
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)


def beginnings(text: str) -> list[re.Pattern[str]]:
    """One pattern for each word of a text; each matches where a word begins with it."""
    return [
        re.compile(rf"(?<!\w){re.escape(word)}", re.IGNORECASE) for word in re.findall(r"\w+", text)
    ]
