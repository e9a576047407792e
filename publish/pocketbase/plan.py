"""What a publication would change, worked out before anything is sent.

A plan has an id, the hash of all it would do: what a person was shown is what they can have done
(`--plan ID`), and nothing else. One that takes away much of what is public is done in no other way.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from assay import forget, warehouse
from assay.publish.pocketbase.records import Record, keys, record_id
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES
from assay.publish.pocketbase.settings import PublishError
from assay.publish.pocketbase.sync import COLLECTIONS, Held, compared

MOST = 5  # a fifth of what is public may go without a word
NAMES = {ISSUES: "issues", EVIDENCE: "posts"}
MAKE, CHANGE, REMOVE = "make", "change", "remove"


@dataclass(frozen=True)
class Line:
    """One change: what is done to the record with this id; for one that is sent its key, its title
    or address, and its hash."""

    verb: str
    id: str
    name: str = ""
    title: str = ""
    content_hash: str = ""


@dataclass
class Plan:
    """What would be done in each collection, in order; same: records that are right already."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return what names this plan: 12 hexadecimal digits."""
        digest = hashlib.sha256()
        for collection, lines in sorted(self.lines.items()):
            for line in lines:
                done = f"{collection} {line.verb} {line.id} {line.content_hash}\n"
                digest.update(done.encode())
        return digest.hexdigest()[:12]


def plan(connection: duckdb.DuckDBPyConnection, found: Held) -> Plan:
    """Compare gold with what the server holds."""
    made = Plan()
    for collection in COLLECTIONS:
        lines, wanted = [], set()
        for record, change in compared(connection, collection, found):
            wanted.add(record.id)
            if change:
                lines.append(_line(record, exists=change.exists))
        made.same[collection] = len(wanted) - len(lines)
        lines += (Line(REMOVE, one) for one in found.surplus(collection, wanted))
        made.lines[collection] = lines
    return made


def _line(record: Record, *, exists: bool) -> Line:
    title = record.fields.get("canonical_title") or record.fields.get("url") or ""
    name = "/".join(map(str, record.key))
    return Line(CHANGE if exists else MAKE, record.id, name, title, record.content_hash)


def guard(connection: duckdb.DuckDBPyConnection, found: Held, approved: str | None) -> None:
    """Raise PublishError for a plan that is not the one that was approved by its id, and without
    one for a plan that takes away more than a fifth of what is public.

    Posts that were taken back do not count: they are to go. A day that failed, or the data folder
    of something else, would else empty the page.
    """
    if approved:
        now = plan(connection, found).id
        if now != approved:
            raise PublishError(
                f"plan {approved} is not what would be done any more, that is plan {now}: look at "
                "it with --dry-run"
            )
        return
    taken_back = _taken_back(connection)
    lost = {name: _lost(connection, name, found, taken_back) for name in COLLECTIONS}
    held = {name: len(found.hashes[name]) for name in COLLECTIONS}
    if any(MOST * lost[name] > held[name] for name in COLLECTIONS):
        parts = " and ".join(
            f"{lost[name]:,} of {held[name]:,} {NAMES[name]}" for name in COLLECTIONS
        )
        raise PublishError(
            f"this would take away {parts}, more than a fifth of what is public: look at it with "
            f"--dry-run; if that is meant, add --plan {plan(connection, found).id}"
        )


def _lost(
    connection: duckdb.DuckDBPyConnection, collection: str, found: Held, taken_back: set[str]
) -> int:
    wanted = {record_id(collection, key) for key in keys(warehouse.cursor(connection), collection)}
    return sum(one not in taken_back for one in found.surplus(collection, wanted))


def _taken_back(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the ids of posts on the page that have a tombstone."""
    stones = {one.key for one in forget.kept(connection) if one.kind == forget.POST}
    return set(_ids(_published(connection), stones)) if stones else set()


def _published(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    try:
        return connection.execute(
            "select cluster_date, cluster_id, url_hash from gold.live_evidence"
        ).fetchall()
    except duckdb.CatalogException:
        return []  # nothing was published from here


def _ids(rows: Iterable[tuple], stones: set[str]) -> Iterable[str]:
    return (record_id(EVIDENCE, row) for row in rows if row[2] in stones)
