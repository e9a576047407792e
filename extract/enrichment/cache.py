"""What sources have answered, kept across runs: one SQLite file in the data folder.

An answer is committed as it comes, so a killed run loses at most what was under way, and the next
one asks for the rest only. SQLite, since the warehouse may be elsewhere (Postgres) and is loaded
only at the end.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from assay.extract.http.transport import parse_json
from assay.extract.landing.run_folder import encoded
from assay.warehouse import private

# Why an id is not enriched, beside what the Hub itself says (extract/hub/client.py).
LOCAL_PATH = "local_path"
NOT_IN_VOCABULARY = "not_in_vocabulary"
FETCH_FAILED = "fetch_failed"
NOT_ASKED = "not_asked"

_TABLE = """
create table if not exists answers (
    entity text not null,
    id text not null,
    fetched_at integer not null,
    reason text,
    is_partial integer not null,
    found blob,
    primary key (entity, id)
) without rowid
"""
_KEEP = "insert or replace into answers values (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Answer:
    """What a source said of one id.

    reason: why there is nothing, None when there is something in `found`. fetched_at: seconds since
    the epoch. is_partial: a part of it failed for a passing reason, so it is asked again.
    """

    reason: str | None
    fetched_at: int
    found: dict[str, Any] | None = None
    is_partial: bool = False


class Answers:
    """The file, made when missing. Use as a context manager, from one thread."""

    def __init__(self, path: Path) -> None:
        private.folder(path.parent)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        # Survives a kill; after a power cut the last few may be asked again.
        self._db.execute("pragma synchronous = normal")
        self._db.execute(_TABLE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._db.close()

    def keep(self, entity: str, answers: Iterable[tuple[str, Answer]]) -> None:
        """Keep answers by id, in one transaction."""
        rows = [
            (
                entity,
                name,
                answer.fetched_at,
                answer.reason,
                answer.is_partial,
                None if answer.found is None else encoded(answer.found),
            )
            for name, answer in answers
        ]
        self._db.execute("begin")
        self._db.executemany(_KEEP, rows)
        self._db.execute("commit")

    def fresh(self, entity: str, since: float) -> set[str]:
        """Return the ids that were answered in full, and not before `since`."""
        rows = self._db.execute(
            "select id from answers where entity = ? and fetched_at >= ? and not is_partial",
            (entity, since),
        )
        return {name for (name,) in rows}

    def get(self, entity: str, name: str) -> Answer | None:
        """Return the last answer for one id, however old."""
        row = self._db.execute(
            "select reason, fetched_at, found, is_partial from answers where entity = ? and id = ?",
            (entity, name),
        ).fetchone()
        if row is None:
            return None
        reason, fetched_at, found, is_partial = row
        known: Any = None if found is None else parse_json(found)
        return Answer(reason, fetched_at, known, bool(is_partial))
