"""An index over the Hub's models or datasets: the records stay in their file, one a line, sort
values and tags are in memory.

Row numbers are ranks by id, so that a tie is broken by the row number, an author is a range of
rows, and an id is found by bisection. Made for a million models in a few hundred MB.
"""

from __future__ import annotations

import gc
import json
import logging
import math
import mmap
import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson

from assay.sample.seeds.names import Names, utf8

log = logging.getLogger(__name__)

SORTS = ("trendingScore", "downloads", "likes", "lastModified", "createdAt")
NO_ID = "\U0010ffff"  # sorts after every real id; the line number follows
CACHED = 64  # listings kept; one of all of a million models takes 4 MB


class Query(NamedTuple):
    """What a listing is narrowed to; every condition must hold. Empty or None means any."""

    tags: tuple[str, ...] = ()
    author: str | None = None
    search: tuple[str, ...] = ()
    pipeline_tag: str | None = None
    gated: bool | None = None


def loads(line: bytes) -> Any:
    """One recorded item. NaN and lone surrogates, which orjson refuses, are read too."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return json.loads(line)


def number(value: Any) -> float:
    """A sort value: the number itself; 0 for everything that is not a finite number."""
    if type(value) is int or type(value) is float:
        try:
            return float(value) if math.isfinite(value) else 0.0
        except OverflowError:
            return 0.0
    return 0.0


def moment(value: Any) -> float:
    """A sort value: ISO time as milliseconds since 1970; 0 for everything else."""
    try:
        at = datetime.fromisoformat(value)
        return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return 0.0


class _Columns:
    """What is gathered line by line, in file order."""

    def __init__(self, hidden: frozenset[str], gated: frozenset[str]) -> None:
        self._hide, self._gate = hidden, gated
        self.hidden = array("b")
        self.keys: list[bytes] = []
        self.starts, self.lengths = array("q"), array("i")
        self.sorts = {name: array("d") for name in SORTS}
        self.pipelines, self.gated = array("i"), array("b")
        self.tag_codes, self.tag_counts = array("i"), array("i")
        self.codes: defaultdict[Any, int] = defaultdict()
        self.codes.default_factory = self.codes.__len__
        self.named = 0

    def add(self, number_of_line: int, start: int, line: bytes) -> None:
        item = loads(line)
        record = item if isinstance(item, dict) else {}
        repo_id = record.get("id")
        if isinstance(repo_id, str):
            self.named += 1
        else:  # served as recorded, after all others
            record, repo_id = {}, f"{NO_ID}{number_of_line:09d}"
        self.keys.append(utf8(repo_id))
        self.starts.append(start)
        self.lengths.append(len(line))
        get = record.get
        for name in SORTS[:3]:
            self.sorts[name].append(number(get(name)))
        for name in SORTS[3:]:
            self.sorts[name].append(moment(get(name)))
        pipeline = get("pipeline_tag")
        self.pipelines.append(self.codes[pipeline] if isinstance(pipeline, str) else -1)
        self.gated.append(bool(get("gated")) or repo_id in self._gate)
        self.hidden.append(get("private") is True or repo_id in self._hide)
        self._add_tags(get("tags"))

    def _add_tags(self, tags: Any) -> None:
        if not isinstance(tags, list):
            tags = ()
        try:
            codes = list(map(self.codes.__getitem__, tags))
        except TypeError:  # a tag that is a list or an object
            codes = [self.codes[tag] for tag in tags if isinstance(tag, str)]
        self.tag_codes.extend(codes)
        self.tag_counts.append(len(codes))


def _read(path: Path, columns: _Columns) -> _Columns:
    start, broken = 0, 0
    collecting = gc.isenabled()
    gc.disable()  # a million short-lived dicts, none of them in a cycle
    try:
        with path.open("rb") as file:
            for number_of_line, raw in enumerate(file, 1):
                line = raw.strip()
                if line:
                    try:
                        columns.add(number_of_line, start + raw.index(line), line)
                    except (ValueError, RecursionError):
                        broken += 1
                        log.warning("%s line %d is not JSON: left out", path.name, number_of_line)
                start += len(raw)
    finally:
        if collecting:
            gc.enable()
    return columns


class RepoIndex:
    """All repositories of a file, by row number. Thread-safe.

    No listing has those in `hidden` nor private ones; those in `gated` count as gated.
    """

    def __init__(
        self, path: Path, hidden: frozenset[str] = frozenset(), gated: frozenset[str] = frozenset()
    ) -> None:
        began = time.perf_counter()
        columns = _read(path, _Columns(hidden, gated))
        rank = np.array(sorted(range(len(columns.keys)), key=columns.keys.__getitem__), dtype="i8")
        self.size, self.named = len(rank), columns.named
        self.ids = Names(columns.keys[line] for line in rank.tolist())
        self._starts = np.array(columns.starts, dtype="i8")[rank]
        self._lengths = np.array(columns.lengths, dtype="i4")[rank]
        self.values = {n: np.array(v, dtype="f8")[rank] for n, v in columns.sorts.items()}
        self._gated = np.array(columns.gated, dtype="i1")[rank]
        self._hidden = np.flatnonzero(np.array(columns.hidden, dtype="i1")[rank])
        self._invert_tags(columns, rank)
        with path.open("rb") as file:
            length = path.stat().st_size  # an empty file cannot be mapped
            self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if length else b""
        self.lock = threading.RLock()
        self.changed: dict[int, int] = {}  # row: downloads which are no longer as recorded
        self._rows: dict[Hashable, np.ndarray] = {}
        self._orders: dict[Hashable, np.ndarray] = {}
        log.info("indexed %d of %s in %.1f s", self.size, path.name, time.perf_counter() - began)

    def _invert_tags(self, columns: _Columns, rank: np.ndarray) -> None:
        names = [utf8(tag) if isinstance(tag, str) else utf8(NO_ID) for tag in columns.codes]
        by_name = sorted(range(len(names)), key=names.__getitem__)
        self._tags = Names(names[code] for code in by_name)
        tag_of_code = np.full(len(names) + 1, -1, dtype="i4")  # the last one, -1, stays -1
        tag_of_code[by_name] = np.arange(len(names))
        row_of_line = np.empty(len(rank), dtype="i4")
        row_of_line[rank] = np.arange(len(rank), dtype="i4")
        tags = tag_of_code[np.array(columns.tag_codes, dtype="i4")]
        rows = np.repeat(row_of_line, np.array(columns.tag_counts, dtype="i4"))
        self._tag_rows = rows[np.argsort(tags, kind="stable")]
        self._tag_ends = np.cumsum(np.bincount(tags, minlength=len(names)))
        self._pipelines = tag_of_code[np.array(columns.pipelines, dtype="i4")][rank]

    def lines(self, rows: list[int]) -> list[bytes]:
        """The records of these rows as they stand in the file."""
        starts = self._starts[rows]
        ends = starts + self._lengths[rows]
        return [self._file[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]

    def has_tag(self, tag: str) -> bool:
        """Whether any repository carries this tag."""
        return self._tags.find(utf8(tag)) is not None

    def tags(self) -> list[str]:
        """All tags, sorted."""
        names = (name.decode("utf-8", "surrogatepass") for name in self._tags)
        return [name for name in names if name != NO_ID]

    def find(self, repo_id: str) -> int | None:
        """The row of an id, or None."""
        row = self.ids.find(utf8(repo_id))
        return row if row is not None and row < self.named else None

    def name(self, row: int) -> str:
        """The id of a row; NO_ID and a line number for a record without one."""
        return self.ids[row].decode("utf-8", "surrogatepass")

    def find_any_case(self, repo_id: str) -> int | None:
        """The row of an id that differs in nothing but case, or None; the first one of several."""
        ending = utf8(f"{repo_id}\n").lower()
        rows = self.ids.holding(ending, any_case=True).tolist()
        return next(
            (r for r in rows if r < self.named and len(self.ids[r]) + 1 == len(ending)), None
        )

    def _conditions(self, query: Query) -> Iterable[np.ndarray]:
        for tag in query.tags:
            code = self._tags.find(utf8(tag))
            ends = (
                (0, 0)
                if code is None
                else (self._tag_ends[code - 1] if code else 0, self._tag_ends[code])
            )
            yield np.unique(self._tag_rows[slice(*ends)])
        if query.author is not None:
            # "0" is the character after "/"
            yield np.arange(*(bisect_left(self.ids, utf8(query.author + end)) for end in "/0"))
        for word in query.search:
            rows = self.ids.holding(utf8(word).lower(), any_case=True)
            yield rows[rows < self.named]
        if query.pipeline_tag is not None:
            code = self._tags.find(utf8(query.pipeline_tag))
            yield np.flatnonzero(self._pipelines == (-2 if code is None else code))
        if query.gated is not None:
            yield np.flatnonzero(self._gated == query.gated)

    def rows(self, query: Query) -> np.ndarray:
        """The rows which meet all conditions, by id."""
        found = list(self._conditions(query)) or [np.arange(self.size)]
        rows = reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), found)
        return np.setdiff1d(rows, self._hidden, assume_unique=True).astype("i4")

    def order(self, query: Query, sort: str) -> np.ndarray:
        """The rows which meet all conditions, highest sort value first, ties by id."""
        with self.lock:
            rows = _cached(self._rows, query, lambda: self.rows(query))
            return _cached(
                self._orders,
                (query, sort),
                lambda: rows[np.argsort(-self.values[sort][rows], kind="stable")],
            )

    def after(self, order: np.ndarray, sort: str, value: float, repo_id: str) -> int:
        """The position in `order` behind (value, id), whether or not they still stand there."""
        row = bisect_right(self.ids, utf8(repo_id))
        values = self.values[sort]
        return bisect_left(order, (-value, row), key=lambda r: (-values[r], r))

    def set_downloads(self, row: int, downloads: int) -> None:
        """Change downloads as a new day would; orders that depended on them are dropped."""
        with self.lock:
            self.changed[row] = downloads
            self.values["downloads"][row] = downloads
            for cached in [key for key in self._orders if key[1] == "downloads"]:
                del self._orders[cached]


def _cached(
    cache: dict[Hashable, np.ndarray], key: Hashable, make: Callable[[], np.ndarray]
) -> np.ndarray:
    if key not in cache:
        while len(cache) >= CACHED:
            del cache[next(iter(cache))]
        cache[key] = make()
    return cache[key]
