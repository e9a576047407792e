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
from dataclasses import astuple, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from assay.common import lock
from assay.mining.llm.record import (
    CALL_COLUMNS,
    READ_CALLS,
    TABLES,
    Failure,
    Question,
    Use,
    Waiting,
    now,
)

__all__ = ["Cache", "Failure", "Question", "Use", "Waiting"]

log = logging.getLogger(__name__)


class Cache:
    """The file, made when missing; safe for the threads of a run and for several processes."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")  # what was paid for survives a power cut
        self._db.executescript(TABLES)

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

    def earlier_answer(self, question: Question) -> tuple[str, Use, Question] | None:
        """Return the last answer that was paid for under the same purpose, task_key, model and
        prompt_version, whatever its prompt was; with what it took and what it answers."""
        rows = self._read(
            "select answer, answers.tokens_in, answers.tokens_out, answers.cost_nano_usd, "
            "answers.seconds, answers.prompt_hash from calls join answers "
            "using (model, prompt_version, prompt_hash) where purpose = ? and task_key = ? "
            "and model = ? and prompt_version = ? order by call_id desc limit 1",
            (question.purpose, question.task_key, question.model, question.prompt_version),
        )
        if not rows:
            return None
        answer, *use, prompt_hash = rows[0]
        return answer, Use(*use), replace(question, prompt_hash=prompt_hash)

    def failure(self, question: Question, settings: str) -> tuple[str, Use] | None:
        """Return why a question failed under these settings, and what that cost; None when it did
        not, or only for want of a connection."""
        rows = self._read(
            "select error, tokens_in, tokens_out, cost_nano_usd, seconds from failures "
            "where model = ? and prompt_version = ? and prompt_hash = ? and settings = ?",
            (*question.identity, settings),
        )
        return (rows[0][0], Use(*rows[0][1:])) if rows else None

    def failed_for_good(self, question: Question, settings: str, use: Use, error: str) -> None:
        """Keep that a question was paid for in vain, so that it is not asked again like this."""
        row = (*question.identity, settings, question.purpose, question.task_key, error)
        with self._transaction() as db:
            db.execute(
                "insert or replace into failures values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, *astuple(use), now()),
            )

    def failures(self) -> list[Failure]:
        """Return what was paid for in vain and has no answer since, by purpose and model."""
        return [
            Failure(*row)
            for row in self._read(
                "select purpose, model, count(distinct prompt_version || prompt_hash), "
                "sum(cost_nano_usd) / 1e9, "
                "(select error from failures as last where last.purpose = failures.purpose "
                "and last.model = failures.model order by at desc limit 1) "
                "from failures group by purpose, model order by purpose, model",
                (),
            )
        ]

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
                    now(),
                ),
            )
            db.execute(
                "delete from failures where model = ? and prompt_version = ? and prompt_hash = ?",
                question.identity,
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
                    (*astuple(line), run_id, now()),
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
        rows = self._read(READ_CALLS, (start,))
        columns = list(zip(*rows, strict=True)) or [()] * len(CALL_COLUMNS)
        arrays = [
            pa.array(values, pa.int64()).cast(kind)
            if kind in (pa.bool_(), CALL_COLUMNS["at"])
            else pa.array(values, kind)
            for values, kind in zip(columns, CALL_COLUMNS.values(), strict=True)
        ]
        return pa.table(arrays, schema=pa.schema(list(CALL_COLUMNS.items())))

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
            now(),
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
