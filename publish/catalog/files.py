"""The files that the page fetches: Parquet, each bounded, in a folder named after its content.

    <out>/catalog-data/manifest.json        which version there is, and how its files are cut
    <out>/catalog-data/<version>/*.parquet  the tables
    .../models/0000.parquet, sparks/...     so many models each, most downloaded first
    .../history/0000.parquet                the daily counters of so many models each

The manifest is written last, and the folder before it is complete: a page that opens sees one
version whole. Earlier versions go at once, so that what left the catalog is not kept in a file.
"""

import hashlib
import json
import secrets
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from assay.common import files, lock
from assay.publish.catalog import tables
from assay.publish.catalog.place import DATA

MANIFEST = "manifest.json"
MODELS_IN_FILE = 2_048  # of models/ and sparks/: the first file is what a page shows first
HISTORY_IN_FILE = 256  # models, whose days are some 100 KB
HISTORY_CHUNK = 16 * HISTORY_IN_FILE  # models whose days are in memory at once
SPARK_DAYS = 30
LEVELS = "0123456789abcdefghijklmnopqrstuvwxyz"
WAIT_SECONDS = 600.0
HUB, ARXIV = "https://huggingface.co", "https://arxiv.org/abs"  # what names are linked to


def write(out: Path, version: "Version") -> Path:
    """Put a version into the place of the one before; return its folder."""
    data = out / DATA
    final = data / version.name
    if not version.is_whole_in(final):  # of an earlier one `make forget` may have taken a file
        shutil.rmtree(final, ignore_errors=True)
        version.folder.rename(final)
    text = json.dumps(version.manifest(), indent=1, sort_keys=True, ensure_ascii=True)
    files.write(data / MANIFEST, text + "\n")
    for path in data.iterdir():
        if path.is_dir() and path != final:
            shutil.rmtree(path)
    return final


def one_writer(out: Path) -> AbstractContextManager[int]:
    """Return a context in which nobody else writes there. Raises lock.LockedError."""
    (out / DATA).mkdir(parents=True, exist_ok=True)
    # Beside the folder, since all that is in it is for a server to show.
    return lock.exclusive(out.with_name(f".{out.name}.lock"), wait=WAIT_SECONDS)


class Version:
    """A version that is being written, in a folder beside the one that pages see."""

    def __init__(self, out: Path, models: tables.Models, days: int) -> None:
        self.folder = out / DATA / f".{secrets.token_hex(4)}.partial"
        self.folder.mkdir(parents=True)
        self._models, self._days = models, days
        self._sums: dict[str, tuple[int, str]] = {}
        self._sparks: list[str | None] = []
        self._last_day: Any = None

    def add(self, name: str, table: pa.Table) -> None:
        """Write a table; the same rows always make the same bytes."""
        path = self.folder / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        with files.atomic(path) as stream:
            pq.write_table(
                table, stream, compression="snappy", store_schema=False, write_page_index=False
            )
        self._sums[f"{name}.parquet"] = (path.stat().st_size, files.sha256(path))

    def add_models(self) -> None:
        """Write the models, in files of MODELS_IN_FILE."""
        for number, part in enumerate(_parts(self._models.table, MODELS_IN_FILE)):
            self.add(f"models/{number:04}", part)

    def add_history(self, start: int, table: pa.Table) -> None:
        """Write the days of the models from a place on, and keep the last ones for the list."""
        places = table["model"].to_numpy()
        end = min(start + HISTORY_CHUNK, self._models.table.num_rows)
        for first in range(start, end, HISTORY_IN_FILE):
            low, high = places.searchsorted([first, first + HISTORY_IN_FILE])
            self.add(f"history/{first // HISTORY_IN_FILE:04}", table.slice(low, high - low))
        days, counts = table["observed_on"].to_pylist(), table["downloads"].to_pylist()
        for low, high in pairwise(places.searchsorted(range(start, end + 1))):
            self._sparks.append(spark(days[low:high], counts[low:high]))
        self._last_day = max(filter(None, [self._last_day, *days]), default=None)

    def add_sparks(self) -> None:
        """Write the line of each model in the list, cut as the models are."""
        sparks = pa.table({"spark": pa.array(self._sparks, pa.string())})
        for number, part in enumerate(_parts(sparks, MODELS_IN_FILE)):
            self.add(f"sparks/{number:04}", part)

    @property
    def name(self) -> str:
        """A name that follows from the content of the files."""
        said = json.dumps(self._sums, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def is_whole_in(self, folder: Path) -> bool:
        """Tell whether a folder has every file of this version."""
        return all(
            (folder / name).is_file() and (folder / name).stat().st_size == size
            for name, (size, _) in self._sums.items()
        )

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(size for size, _ in self._sums.values())

    def manifest(self) -> dict[str, Any]:
        """Return what the page must know before it fetches anything."""
        models = self._models
        return {
            "version": self.name,
            "as_of": models.as_of.isoformat() if models.as_of else None,
            "models": models.table.num_rows,
            "of": models.of,
            "models_in_file": MODELS_IN_FILE,
            "history_in_file": HISTORY_IN_FILE,
            "history_days": self._days,
            "last_day": str(self._last_day) if self._last_day else None,
            "complaints": "complaints.parquet" in self._sums,
            "bytes": self.size,
            "hub": HUB,
            "arxiv": ARXIV,
        }

    def discard(self) -> None:
        """Take away what was written of it, unless it is in place."""
        shutil.rmtree(self.folder, ignore_errors=True)


def spark(days: Sequence[Any], counts: Sequence[float | None]) -> str | None:
    """Return a count's way over the last days as a letter a day: 0 is its lowest, z its highest.

    A day without a count is a point, so that each letter is a day; None where there is no count.
    """
    told = {
        day.toordinal(): count for day, count in zip(days, counts, strict=True) if count is not None
    }
    if not told:
        return None
    last = max(told)
    told = {day: count for day, count in told.items() if day > last - SPARK_DAYS}
    low, high = min(told.values()), max(told.values())
    step = (len(LEVELS) - 1) / (high - low) if high > low else 0
    level = {
        day: LEVELS[round((count - low) * step) if step else len(LEVELS) // 2]
        for day, count in told.items()
    }
    return "".join(level.get(day, ".") for day in range(min(told), last + 1))


def _parts(table: pa.Table, size: int) -> list[pa.Table]:
    return [table.slice(start, size) for start in range(0, max(table.num_rows, 1), size)]
