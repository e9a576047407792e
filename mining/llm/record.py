"""What the file of language models holds: its tables, and a row of each as Python sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

TABLES = """
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
create index if not exists calls_task_key on calls (purpose, task_key);
create table if not exists failures (
    model text not null,
    prompt_version text not null,
    prompt_hash text not null,
    settings text not null,
    purpose text not null,
    task_key text not null,
    error text not null,
    tokens_in integer not null,
    tokens_out integer not null,
    cost_nano_usd integer not null,
    seconds real not null,
    at integer not null,
    primary key (model, prompt_version, prompt_hash, settings)
);
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
CALL_COLUMNS = {
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
READ_CALLS = f"""
select {", ".join(CALL_COLUMNS).replace("cost_usd", "cost_nano_usd / 1e9 as cost_usd")}
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


@dataclass(frozen=True)
class Failure:
    """Questions of one purpose that were paid for in vain; `error` is the latest."""

    purpose: str
    model: str
    questions: int
    cost_usd: float
    error: str


def now() -> int:
    """Return the time in microseconds since the epoch, as the tables have it."""
    return int(datetime.now(UTC).timestamp() * 1_000_000)
