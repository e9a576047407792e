"""Answers that were paid for, and a record of every call: one SQLite file in the data folder.

SQLite because the warehouse has one writer, dbt, which is busy while its Python models run; and
because what is committed here is safe whatever happens to the process or the machine
(docs/decisions/llm-calls.md).
"""

import json
import logging
import math
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from assay.common import lock

log = logging.getLogger(__name__)

_TABLES = """
create table if not exists answers (
    model text not null,
    prompt_version text not null,
    prompt_hash text not null,
    answer text not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost_nano_usd integer not null,
    seconds real not null,
    at integer not null,
    primary key (model, prompt_version, prompt_hash)
);
create table if not exists calls (
    call_id integer primary key,
    run_id text not null,
    purpose text not null,
    model text not null,
    prompt_version text not null,
    prompt_hash text not null,
    task_key text not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost_nano_usd integer not null,
    seconds real not null,
    status text not null,
    cached integer not null,
    error text,
    at integer not null
);
create index if not exists calls_run_id on calls (run_id);
create table if not exists waiting (
    purpose text not null,
    model text not null,
    prompt_version text not null,
    pending integer not null,
    prompt_tokens integer not null,
    cost_usd real,
    run_id text not null,
    at integer not null,
    primary key (purpose, model, prompt_version)
);
"""
_CALLS = {
    "call_id": pa.int64(),
    "run_id": pa.string(),
    "purpose": pa.string(),
    "model": pa.string(),
    "prompt_version": pa.string(),
    "prompt_hash": pa.string(),
    "task_key": pa.string(),
    "tokens_in": pa.int64(),
    "tokens_out": pa.int64(),
    "cost_usd": pa.float64(),
    "seconds": pa.float64(),
    "status": pa.string(),
    "cached": pa.bool_(),
    "error": pa.string(),
    "at": pa.timestamp("us", tz="UTC"),
}
_READ_CALLS = f"""
select {", ".join(_CALLS).replace("cost_usd", "cost_nano_usd / 1e9 as cost_usd")}
from calls where at >= ? order by call_id
"""  # noqa: S608 - names of our own


@dataclass(frozen=True)
class Question:
    """What an answer is an answer to, and who asks: `purpose` and `task_key` are no part of it."""

    model: str
    prompt_version: str
    prompt_hash: str
    purpose: str
    task_key: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """Return what is never paid for twice."""
        return self.model, self.prompt_version, self.prompt_hash


@dataclass(frozen=True)
class Waiting:
    """Questions that nobody approved yet, as last planned; cost_usd is None when not known."""

    purpose: str
    model: str
    prompt_version: str
    pending: int
    prompt_tokens: int
    cost_usd: float | None


@dataclass(frozen=True)
class Use:
    """What a call used; for a call under way or without a readable answer, the most it can have."""

    tokens_in: int = 0
    tokens_out: int = 0
    nano_usd: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Use") -> "Use":
        return Use(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.nano_usd + other.nano_usd,
            self.seconds + other.seconds,
        )


class Cache:
    """The file, made when missing; safe for the threads of a run and for several processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")  # what was paid for survives a power cut
        self._db.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Hold the right to ask: one run at a time per file, so that none pays what another does.

        A second run, in this process or another, waits, and then finds the first one's answers.
        The right ends with the process, however that ends; what a killed run had under way is
        marked as lost.
        """

        def say(owner: lock.Owner) -> None:
            log.info(
                "llm: another run is asking; waiting until it is done, to pay nothing twice; it is "
                "%s",
                owner,
            )

        with lock.exclusive(self.path.with_suffix(".lock"), wait=math.inf, say=say):
            self._mark_lost()
            yield

    def answer(self, question: Question) -> tuple[str, Use] | None:
        """Return the answer to a question as JSON, and what it took; None when there is none."""
        rows = self._read(
            "select answer, tokens_in, tokens_out, cost_nano_usd, seconds from answers "
            "where model = ? and prompt_version = ? and prompt_hash = ?",
            question.identity,
        )
        return (rows[0][0], Use(*rows[0][1:])) if rows else None

    def sent(self, run_id: str, question: Question, most: Use) -> int:
        """Record a call that is about to leave, with the most it can use; return its call_id."""
        with self._transaction() as db:
            return self._insert(db, run_id, question, most, "sent", cached=False)

    def answered(
        self, call_id: int, question: Question, use: Use, data: dict[str, Any], earlier: Use
    ) -> None:
        """Keep a checked answer and close its call, in one transaction.

        earlier: what calls for the same question used before, without an answer to keep.
        """
        whole = use + earlier
        with self._transaction() as db:
            db.execute(
                "insert or replace into answers values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *question.identity,
                    json.dumps(data),
                    whole.tokens_in,
                    whole.tokens_out,
                    whole.nano_usd,
                    whole.seconds,
                    _now(),
                ),
            )
            self._close_call(db, call_id, "ok", use, None)

    def failed(self, call_id: int, status: str, use: Use, error: str) -> None:
        """Close a call that brought no answer, and say why."""
        with self._transaction() as db:
            self._close_call(db, call_id, status, use, error)

    def served(self, run_id: str, questions: Iterable[Question]) -> None:
        """Record questions that were answered from here."""
        with self._transaction() as db:
            for question in questions:
                self._insert(db, run_id, question, Use(), "ok", cached=True)

    def spent_nano(self, run_id: str) -> int:
        """Return what a run has cost so far, in nano-dollars."""
        query = "select coalesce(sum(cost_nano_usd), 0) from calls where run_id = ?"
        return int(self._read(query, (run_id,))[0][0])

    def usual_tokens_out(self, purpose: str, model: str, least: int) -> float | None:
        """Return the mean length of a model's answers for a purpose, None with fewer than `least`
        of them."""
        [(count, mean)] = self._read(
            "select count(*), avg(tokens_out) from calls "
            "where purpose = ? and model = ? and status = 'ok' and not cached",
            (purpose, model),
        )
        return mean if count >= least else None

    def answered_questions(self, purpose: str) -> int:
        """Return how many questions of a purpose were ever answered here."""
        query = "select count(*) from calls where purpose = ? and status = 'ok' and not cached"
        return int(self._read(query, (purpose,))[0][0])

    def plan(self, run_id: str, lines: Iterable[Waiting]) -> None:
        """Keep what waits for approval, in place of what an earlier run planned for the same."""
        with self._transaction() as db:
            for line in lines:
                db.execute(
                    "delete from waiting where purpose = ? and run_id <> ?", (line.purpose, run_id)
                )
                db.execute(
                    "insert or replace into waiting values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (*astuple(line), run_id, _now()),
                )

    def waiting(self) -> list[Waiting]:
        """Return what waits for approval, as the last plan of each purpose says."""
        return [
            Waiting(*row)
            for row in self._read(
                "select purpose, model, prompt_version, pending, prompt_tokens, cost_usd "
                "from waiting where pending > 0 order by purpose, model, prompt_version",
                (),
            )
        ]

    def calls(self, since: datetime | None = None) -> pa.Table:
        """Return every call ever made, or since a time, oldest first.

        Columns: call_id, run_id, purpose, model, prompt_version, prompt_hash, task_key, tokens_in,
        tokens_out, cost_usd, seconds, status, cached, error, at (UTC). status: ok, invalid (the
        answer did not fit), refused, failed (no answer came), lost (the run was killed before one
        came) or sent (under way). failed and lost calls that may have been billed hold the most
        they can have cost.
        """
        start = 0 if since is None else int(since.timestamp() * 1_000_000)
        columns = list(zip(*self._read(_READ_CALLS, (start,)), strict=True)) or [()] * len(_CALLS)
        arrays = [
            pa.array(values, pa.int64()).cast(kind)
            if kind in (pa.bool_(), _CALLS["at"])
            else pa.array(values, kind)
            for values, kind in zip(columns, _CALLS.values(), strict=True)
        ]
        return pa.table(arrays, schema=pa.schema(list(_CALLS.items())))

    def _mark_lost(self) -> None:
        with self._transaction() as db:
            lost = "update calls set status = 'lost', error = ? where status = 'sent'"
            count = db.execute(lost, ("the run was killed before the answer came",)).rowcount
        if count:
            log.warning("llm: %d calls of a killed run may have been billed for nothing", count)

    def _insert(
        self,
        db: sqlite3.Connection,
        run_id: str,
        asked: Question,
        use: Use,
        status: str,
        *,
        cached: bool,
    ) -> int:
        row = (
            run_id,
            asked.purpose,
            *asked.identity,
            asked.task_key,
            use.tokens_in,
            use.tokens_out,
            use.nano_usd,
            use.seconds,
            status,
            cached,
            _now(),
        )
        names = (
            "run_id, purpose, model, prompt_version, prompt_hash, task_key, tokens_in, tokens_out, "
            "cost_nano_usd, seconds, status, cached, at"
        )
        marks = ", ".join("?" * len(row))
        done = db.execute(f"insert into calls ({names}) values ({marks})", row)  # noqa: S608
        return int(done.lastrowid or 0)

    def _close_call(
        self, db: sqlite3.Connection, call_id: int, status: str, use: Use, error: str | None
    ) -> None:
        db.execute(
            "update calls set status = ?, tokens_in = ?, tokens_out = ?, cost_nano_usd = ?, "
            "seconds = ?, error = ? where call_id = ?",
            (status, use.tokens_in, use.tokens_out, use.nano_usd, use.seconds, error, call_id),
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
