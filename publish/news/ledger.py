"""What was told to whom: ops.told in the DuckDB warehouse, so that nothing is told twice.

A row is on the disk before its message leaves, and says how that ended after it. Killed between the
two, nobody knows whether the message arrived: such a row becomes `unsure`, is not told again by
itself, and `make status` and the next run say so. At most once, then, and never silently less
(docs/decisions/being-told.md). The rows hold no words and no addresses.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import duckdb

from assay.publish.news.happenings import MOVER, NEW, REOPENED, RISING, Happening

TELLING, TOLD, FAILED, UNSURE = "telling", "told", "failed", "unsure"
# The same thing can be told again after so many days: what rises every day is no news every day.
# None: never. An issue that came back is told once for each time.
AGAIN_DAYS = {NEW: None, REOPENED: 0, RISING: 7, MOVER: 7}
DDL = """
    create schema if not exists ops;
    create table if not exists ops.told (
        rule varchar not null,
        target varchar not null,
        kind varchar not null,
        subject varchar not null,
        occasion date not null,
        status varchar not null,
        written_at timestamptz not null,
        primary key (rule, target, kind, subject, occasion)
    )
"""
_KNOWN = """
    select kind, subject, max(occasion) from ops.told
    where rule = ? and target = ? and status <> 'failed'
    group by kind, subject
"""
_PUT = "insert or replace into ops.told values (?, ?, ?, ?, ?, ?, ?)"


class Ledger:
    """The ledger of a warehouse that this process has alone and open for writing."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        db.execute(DDL)
        # The only process that tells is this one: what another began it did not end.
        db.execute("update ops.told set status = ? where status = ?", [UNSURE, TELLING])

    def left(self, rule: str, target: str, found: Iterable[Happening]) -> list[Happening]:
        """Return those that the target was not told of by this rule."""
        return left(self._db, rule, target, found)

    def put(self, rule: str, target: str, told: Sequence[Happening], status: str) -> None:
        """Write down how far these have come, all or nothing; on the disk when this returns."""
        now = datetime.now(UTC)
        rows = [[rule, target, one.kind, one.subject, one.occasion, status, now] for one in told]
        self._db.execute("begin transaction")
        try:
            self._db.executemany(_PUT, rows)
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def unsure(self) -> int:
        """Return how many things a killed run may or may not have told."""
        [(count,)] = self._db.execute(
            "select count(*) from ops.told where status = ?", [UNSURE]
        ).fetchall()
        return int(count)

    def ask_again(self) -> int:
        """Let what is unsure be told once more; return how many these are."""
        [(count,)] = self._db.execute(
            "update ops.told set status = ? where status = ?", [FAILED, UNSURE]
        ).fetchall()
        return int(count)


def left(
    db: duckdb.DuckDBPyConnection, rule: str, target: str, found: Iterable[Happening]
) -> list[Happening]:
    """Return those that a target was not told of by a rule; all where there is no ledger yet."""
    try:
        rows = db.execute(_KNOWN, [rule, target]).fetchall()
    except duckdb.CatalogException:
        return list(found)
    last = {(kind, subject): occasion for kind, subject, occasion in rows}
    return [one for one in found if _is_news(one, last.get((one.kind, one.subject)))]


def _is_news(one: Happening, told_on: object) -> bool:
    if told_on is None:
        return True
    days = AGAIN_DAYS[one.kind]
    return days is not None and one.occasion > told_on + timedelta(days=max(days - 1, 0))
