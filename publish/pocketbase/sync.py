"""From the difference between gold and PocketBase to agreement.

What the server holds is read first and is the truth; the log in gold follows it
(docs/decisions/publishing.md). So it does not matter where an earlier run was killed, nor whether
the server was emptied or restored since.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
from tqdm import tqdm

from assay import warehouse
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.log import PUBLISHED, REFUSED, UNPUBLISHED, Counts, Entry, Log
from assay.publish.pocketbase.records import Record, content_hash, record_id, records
from assay.publish.pocketbase.schema import CATEGORIES, EVIDENCE, ISSUES, make
from assay.publish.pocketbase.send import Change, Sender
from assay.publish.reports.tables import shown

log = logging.getLogger(__name__)

OF_CATEGORY = ("category", "name", "place", "color")
COLLECTIONS = (ISSUES, EVIDENCE)  # evidence refers to issues
TOGETHER = 500  # rows of the log that are collected before they are written
REFUSALS_SHOWN = 5
SECONDS_BETWEEN_LINES = 10.0


@dataclass
class Held:
    """What the server holds: content hashes by id, and the issue of each piece of evidence."""

    hashes: dict[str, dict[str, str]] = field(
        default_factory=lambda: {name: {} for name in COLLECTIONS}
    )
    issue_of: dict[str, str] = field(default_factory=dict)

    def surplus(self, collection: str, wanted: set[str]) -> list[str]:
        """Return the ids that are not wanted."""
        return [identity for identity in self.hashes[collection] if identity not in wanted]

    def has(self, collection: str, identity: str) -> bool:
        """Tell whether the record is there; evidence goes with its issue."""
        if identity not in self.hashes[collection]:
            return False
        return collection == ISSUES or self.issue_of[identity] in self.hashes[ISSUES]


def held(client: Client, *, verify: bool = False) -> Held:
    """Read ids and hashes of all that the server holds.

    verify: read the records whole and compute their hashes, instead of believing those they hold.
    """
    found = Held()
    for collection in COLLECTIONS:
        fields = "id,content_hash" + (",issue" if collection == EVIDENCE else "")
        for item in client.records(collection, "" if verify else fields):
            hashed = item["content_hash"]
            if verify and hashed != content_hash(collection, item):
                hashed = ""
            found.hashes[collection][item["id"]] = hashed
            if collection == EVIDENCE:
                found.issue_of[item["id"]] = item["issue"]
    return found


def compared(
    connection: duckdb.DuckDBPyConnection, collection: str, found: Held
) -> Iterator[tuple[Record, Change | None]]:
    """Yield every record that gold wants, with the change that it takes, None for none."""
    hashes = found.hashes[collection]
    for record in records(warehouse.cursor(connection), collection):
        identity = record.id
        same = hashes.get(identity) == record.content_hash
        change = Change(collection, identity, identity in hashes, record.key, record)
        yield record, None if same else change


def bring_categories(client: Client, connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the categories to what gold.categories holds; return how many records were changed.

    It is a handful of records, so each is sent by itself; killed and run again, the rest follows.
    """
    rows = warehouse.cursor(connection).execute(
        "select category, name, place, color from gold.categories order by place"
    )
    named = [dict(zip(OF_CATEGORY, row, strict=True)) for row in rows.fetchall()]
    records = f"/api/collections/{CATEGORIES}/records"
    wanted = {record_id(CATEGORIES, (one["category"],)): one for one in named}
    fields = ",".join(("id", *OF_CATEGORY))
    held = {one["id"]: one for one in client.records(CATEGORIES, fields)}
    changed = 0
    for identity, one in wanted.items():
        if identity not in held:
            make(client, records, {"id": identity, **one})
        elif any(held[identity][name] != value for name, value in one.items()):
            client.ask("PATCH", f"{records}/{identity}", one)
        else:
            continue
        changed += 1
    for identity in held.keys() - wanted.keys():
        client.single("DELETE", f"{records}/{identity}")
        changed += 1
    return changed


class Sync:
    """One run: sends what differs and writes the log."""

    def __init__(
        self, client: Client, connection: duckdb.DuckDBPyConnection, sync_log: Log, counts: Counts
    ) -> None:
        self.counts = counts
        self._connection = connection
        self._log = sync_log
        self._client = client
        self._known = {name: sync_log.known(name) for name in COLLECTIONS}
        self._wanted: dict[str, set[str]] = {name: set() for name in COLLECTIONS}
        self._held = Held()
        self._spoke = time.monotonic()

    def run(self, found: Held) -> None:
        """Bring the server and the log to what gold holds. found: what the server holds."""
        self._held = found
        sender = Sender(self._client, self._accepted, self._refused)
        with tqdm(desc="publishing", unit=" records", disable=None, leave=False) as self._bar:
            for collection in COLLECTIONS:
                sender.send(self._changes(collection))
            self._remove_evidence(sender)
            lost = self._held.surplus(ISSUES, self._wanted[ISSUES])
            self._remove(ISSUES, lost, sender)
        for collection in COLLECTIONS:
            self._mark_gone(collection)

    def _changes(self, collection: str) -> Iterator[Change]:
        """Yield what has to be sent, and write down what need not or cannot be."""
        logged: list[Entry] = []
        for record, change in compared(self._connection, collection, self._held):
            self._wanted[collection].add(record.id)
            if change is None:
                self.counts.unchanged += 1
                logged += self._correction(record)
            elif collection == EVIDENCE and record.fields["issue"] not in self._held.hashes[ISSUES]:
                self._refused(change, "its issue was refused")
            else:
                yield change
            if len(logged) >= TOGETHER:
                self._log.write(collection, logged)
                logged = []
        self._log.write(collection, logged)

    def _correction(self, record: Record) -> list[Entry]:
        """Return what the log has to say of a record that is right, where it says otherwise."""
        wanted = (record.content_hash, PUBLISHED)
        if self._known[record.collection].get(record.key) == wanted:
            return []
        return [Entry(record.key, record.issue_id, *wanted)]

    def _remove_evidence(self, sender: Sender) -> None:
        """Remove evidence that gold no longer has; that of lost issues goes with them."""
        lost_issues = set(self._held.surplus(ISSUES, self._wanted[ISSUES]))
        surplus = self._held.surplus(EVIDENCE, self._wanted[EVIDENCE])
        alone = [i for i in surplus if self._held.issue_of[i] not in lost_issues]
        self._remove(EVIDENCE, alone, sender)

    def _remove(self, collection: str, identities: list[str], sender: Sender) -> None:
        keys = {record_id(collection, key): key for key in self._known[collection]}
        sender.send(Change(collection, i, exists=True, key=keys.get(i)) for i in identities)

    def _accepted(self, changes: list[Change]) -> None:
        """Write down what the server took."""
        if not changes:
            return
        collection = changes[0].collection
        hashes = self._held.hashes[collection]
        sent = [change.record for change in changes if change.record]
        gone = [change for change in changes if change.record is None]
        entries = [Entry(r.key, r.issue_id, r.content_hash, PUBLISHED) for r in sent]
        hashes.update({record.id: record.content_hash for record in sent})
        for change in gone:
            hashes.pop(change.id, None)
        self._log.write(collection, entries)
        self._log.unpublish(collection, [change.key for change in gone if change.key])
        if collection == ISSUES:
            self.counts.issues_sent += len(sent)
        else:
            self.counts.evidence_sent += len(sent)
        self.counts.removed += len(gone)
        self._say_progress(len(changes))

    def _refused(self, change: Change, reason: str) -> None:
        """Write down what the server did not take; the next run tries again."""
        self.counts.refused += 1
        if self.counts.refused <= REFUSALS_SHOWN:
            name = "/".join(map(str, change.key or (change.id,)))
            log.warning("%s %s was refused: %s", change.collection, name, shown(reason))
        if change.record:
            hashed, issue_id = change.record.content_hash, change.record.issue_id
        else:
            known = self._known[change.collection].get(change.key, ("", ""))
            hashed, issue_id, reason = known[0], "", f"removal: {reason}"
        if change.key:
            entry = Entry(change.key, issue_id, hashed, REFUSED, reason)
            self._log.write(change.collection, [entry])

    def _mark_gone(self, collection: str) -> None:
        """Let the log follow where something went without a word: cascaded, killed, by hand."""
        self._log.unpublish(
            collection,
            [
                key
                for key, (_, status) in self._known[collection].items()
                if status != UNPUBLISHED
                and (identity := record_id(collection, key)) not in self._wanted[collection]
                and not self._held.has(collection, identity)
            ],
        )

    def _say_progress(self, records: int) -> None:
        self._bar.update(records)
        if self._bar.disable and time.monotonic() > self._spoke + SECONDS_BETWEEN_LINES:
            self._spoke = time.monotonic()
            sent = self.counts.issues_sent + self.counts.evidence_sent
            log.info("%s records sent, %s removed", f"{sent:,}", f"{self.counts.removed:,}")
