"""What the tests of the language model client share: a label's schema, tasks, settings, a child.

As a program it asks a server for labels, so that a test can kill it:
`python -m tests.mining.llm.asking API_BASE CACHE_FILE NUMBER_OF_TASKS`.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from assay.mining.llm import UNTRUSTED_RULE, Cache, Result, Settings, Task, delimit_untrusted, run
from tests import servers

ROOT = Path(__file__).resolve().parents[3]
Category = Literal[
    "ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"
]


class Label(BaseModel):
    """A label as issues have it."""

    canonical_title: str = Field(max_length=120)
    category: Category
    description: str = Field(max_length=600)
    would_pay_signal: bool
    impact_level: Literal["low", "medium", "high"]


def task(post: str, key: str = "", *, schema: Any = Label, **more: Any) -> Task:
    """Return the task to label one post."""
    messages = [
        {"role": "system", "content": f"Name the problem. {UNTRUSTED_RULE}"},
        {"role": "user", "content": delimit_untrusted(post, 500)},
    ]
    fields = {"purpose": "issue_labels", "prompt_version": "1", "max_tokens": 100} | more
    return Task(key=key or post, messages=messages, schema=schema, **fields)


def tasks(count: int) -> list[Task]:
    """Return tasks about different posts."""
    return [task(f"Post {number} is about a problem.", f"k{number}") for number in range(count)]


def settings(base: str, **more: Any) -> Settings:
    """Return settings for a server, with short waits and the prices 1 and 5 USD per million."""
    prices = {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 5.0}
    given = {"model": "openai/test", "backoff": 0.01, "timeout": 20.0} | prices | more
    return Settings(api_base=base, **given)


def asked(some: Iterable[Task], how: Settings, cache: Cache, usd: float = 10, **more: Any) -> Any:
    """Run approved; the results in a list, or the only one."""
    results = run(some, how, cache, approved=True, max_usd=usd, **more)
    return results[0] if len(results) == 1 else results


def statuses(results: Iterable[Result]) -> list[str]:
    """Return the statuses in order."""
    return [one.status for one in results]


def child(base: str, file: Path, count: int) -> "subprocess.Popen[bytes]":
    """Start a process that asks."""
    command = [sys.executable, "-m", "tests.mining.llm.asking", base, str(file), str(count)]
    return servers.ends_with_test(subprocess.Popen(command, cwd=ROOT))


if __name__ == "__main__":
    with Cache(Path(sys.argv[2])) as opened:
        # The test alone says when an answer comes; a busy machine may take its time.
        asked(tasks(int(sys.argv[3])), settings(sys.argv[1], timeout=300.0), opened)
