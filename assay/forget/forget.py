"""Erasing what has a tombstone from everywhere."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from assay import warehouse
from assay.forget import caches, tombstones
from assay.forget.erase import Eraser

# Takes posts out of what else is kept of them and returns how many it took out. It is given hashes
# of their addresses, and the days on which they were written or read, None for any.
Also = Callable[[list[str], list[str] | None], int]


@dataclass
class Found:
    """What an erasure took out.

    url_hashes: of the posts. counts: rows by table, and what was taken from files, by a name.
    """

    url_hashes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def erase_pending(
    db: duckdb.DuckDBPyConnection, also: Also | None = None, data: Path | None = None
) -> Found:
    """Erase every post whose tombstone says that it was not erased yet; return what was found.

    db: the warehouse, open for writing. data: the folder of the files that go with it; by default
    the data folder, and the folder of the reports with it. The files come first: a run that is
    killed in between does all of it again. What the next build makes has none of these posts.
    """
    tombstones.prepare(db)
    eraser = Eraser(db)
    found = eraser.look()
    if not found.url_hashes:
        return Found()
    files = data or warehouse.data_dir()
    counts = Counter(
        {
            "vectors of the cache": caches.vectors(files, found.texts)
            + caches.lake_vectors(db, found.texts),
            "files of blocks": caches.blocks(data),
            "answers of language models": caches.answers(files, found.fingerprints),
            "reports": caches.report(data or warehouse.reports_dir(), found.urls),
            "lines of run folders": also(found.url_hashes, found.run_days) if also else 0,
        }
    )
    warehouse.again_after_conflicts(lambda: eraser.erase(found))
    warehouse.again_after_conflicts(lambda: warehouse.drop_deleted(db))
    return Found(found.url_hashes, +(counts + found.rows))
