"""What was published, in the warehouse: gold.live_issues, gold.live_evidence and gold.sync_runs.

No models of dbt: a build leaves them as they are. models/issues/_publish__sources.yml says what
they hold.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from assay import warehouse
from assay.publish.pocketbase.records import Key
from assay.publish.pocketbase.schema import EVIDENCE, ISSUES
from assay.publish.pocketbase.settings import PublishError

PUBLISHED, REFUSED, UNPUBLISHED = "published", "refused", "unpublished"
_KEYS = {
    ISSUES: {"cluster_date": pa.date32(), "cluster_id": pa.int32()},
    EVIDENCE: {"cluster_date": pa.date32(), "cluster_id": pa.int32(), "url_hash": pa.string()},
}
_FACTS = {
    "issue_id": pa.string(),
    "content_hash": pa.string(),
    "synced_at": pa.timestamp("us", "UTC"),
    "status": pa.string(),
    "error": pa.string(),
}
_TABLES = {ISSUES: "gold.live_issues", EVIDENCE: "gold.live_evidence"}
_DDL = """
create table if not exists gold.live_issues (
    cluster_date date, cluster_id integer,
    issue_id varchar, content_hash varchar, synced_at timestamptz not null,
    status varchar not null, error varchar,
    primary key (cluster_date, cluster_id)
);
create table if not exists gold.live_evidence (
    cluster_date date, cluster_id integer, url_hash varchar,
    issue_id varchar, content_hash varchar, synced_at timestamptz not null,
    status varchar not null, error varchar,
    primary key (cluster_date, cluster_id, url_hash)
);
create table if not exists gold.sync_runs (
    run_id varchar primary key, server varchar not null,
    started_at timestamptz not null, finished_at timestamptz, status varchar not null,
    issues_sent bigint, evidence_sent bigint, removed bigint, unchanged bigint, refused bigint,
    requests bigint, retries bigint, seconds double, error varchar
);
update gold.sync_runs set status = 'killed' where status = 'running';
"""


@dataclass(frozen=True)
class Entry:
    """One row of the log. content_hash: of what gold has; status: what became of it."""

    key: Key
    issue_id: str
    content_hash: str
    status: str
    error: str | None = None


@dataclass
class Counts:
    """What one run did, in records, requests and seconds."""

    issues_sent: int = 0
    evidence_sent: int = 0
    removed: int = 0
    unchanged: int = 0
    refused: int = 0
    requests: int = 0
    retries: int = 0
    seconds: float = 0.0


def check_built(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise PublishError when gold lacks a table that is published."""
    try:
        for table in ("published_issues", "issue_evidence", "categories"):
            connection.execute(f"select 1 from gold.{table} limit 1")  # noqa: S608
        connection.execute("select corrections from gold.published_issues limit 1")
    except duckdb.BinderException as error:
        raise PublishError(
            "gold was built by an earlier version: run `dbt build --select tag:issues` first"
        ) from error
    except duckdb.CatalogException as error:
        raise PublishError(
            f"gold.{table} is not built: run `dbt build --select tag:issues` first"
        ) from error


class Log:
    """The tables, opened for one run."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, server: str) -> None:
        # A cursor of its own: what is being read from gold is not disturbed.
        self._db = warehouse.cursor(connection)
        self._db.execute("set timezone = 'UTC'")
        warehouse.make_tables(self._db, _DDL)
        self.run_id = uuid.uuid4().hex
        self._db.execute(
            "insert into gold.sync_runs (run_id, server, started_at, status) values (?, ?, ?, ?)",
            [self.run_id, server, datetime.now(UTC), "running"],
        )

    @property
    def warehouse_id(self) -> str:
        """Return what names this warehouse: the id of the first run that published from it."""
        first = "select run_id from gold.sync_runs order by started_at, run_id limit 1"
        return str(self._db.execute(first).fetchall()[0][0])

    def known(self, collection: str) -> dict[Key, tuple[str, str]]:
        """Return content hash and status of every row of the log, by key."""
        keys = ", ".join(_KEYS[collection])
        sql = f"select {keys}, content_hash, status from {_TABLES[collection]}"  # noqa: S608
        return {tuple(row[:-2]): tuple(row[-2:]) for row in self._db.execute(sql).fetchall()}

    def write(self, collection: str, entries: Sequence[Entry]) -> None:
        """Put rows into the log in one transaction, in place of those with the same keys."""
        if not entries:
            return
        # The same key twice in one statement is an error: the last word counts.
        last = {entry.key: entry for entry in entries}.values()
        now = datetime.now(UTC)
        rows = [
            (*entry.key, entry.issue_id, entry.content_hash, now, entry.status, entry.error)
            for entry in last
        ]
        fields = _KEYS[collection] | _FACTS
        columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
        table = pa.table({name: pa.array(columns[name], kind) for name, kind in fields.items()})
        self._db.register("entries", table)
        # By their names: a lake knows no keys, by which rows could be replaced.
        same = " and ".join(f"live.{name} = entry.{name}" for name in _KEYS[collection])
        self._db.execute(
            f"merge into {_TABLES[collection]} as live using entries as entry on {same} "
            "when matched then update by name when not matched then insert by name"
        )
        self._db.unregister("entries")

    def unpublish(self, collection: str, keys: Iterable[Key]) -> None:
        """Mark rows as no longer published; what they said is kept."""
        rows = list(keys)
        if not rows:
            return
        fields = _KEYS[collection]
        columns = dict(zip(fields, zip(*rows, strict=True), strict=True))
        table = pa.table({name: pa.array(columns[name], kind) for name, kind in fields.items()})
        self._db.register("gone", table)
        same = " and ".join(f"live.{name} = gone.{name}" for name in fields)
        self._db.execute(
            f"update {_TABLES[collection]} as live set status = ?, synced_at = ?, error = null "  # noqa: S608
            f"from gone where {same}",
            [UNPUBLISHED, datetime.now(UTC)],
        )
        self._db.unregister("gone")

    def finish(self, counts: Counts, status: str, error: str | None = None) -> None:
        """Say how the run ended: done, refused (some records were) or failed."""
        facts = asdict(counts) | {
            "finished_at": datetime.now(UTC),
            "status": status,
            "error": error,
        }
        columns = ", ".join(f"{name} = ?" for name in facts)
        self._db.execute(
            f"update gold.sync_runs set {columns} where run_id = ?",  # noqa: S608
            [*facts.values(), self.run_id],
        )
