"""`make bench`: every benchmark, one after the other, and the page that shows what came out.

    python -m benchmarks.run                        # about two hours on two quiet cores
    python -m benchmarks.run --quick                # smaller sizes: about forty minutes
    python -m benchmarks.run --only mining publish  # these alone; the others' tables stay

What a benchmark prints is kept in build/bench/ and, with --write, put into benchmarks/README.md as
it is, with the command, the day and the load of the machine.
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.measure import ROOT

KEPT = ROOT / "build" / "bench"
PAGE = ROOT / "benchmarks" / "README.md"
SHARED = ROOT.parent / "shared"


@dataclass(frozen=True)
class Bench:
    """One program of this folder. limits: what its time goes into. full, quick: its arguments."""

    name: str
    heading: str
    limits: str
    full: str = ""
    quick: str = ""


BENCHES = (
    Bench(
        "catalog",
        "The catalog: from listings to tested tables",
        "dbt starts, parses and tests for 6 to 7 s at any size; then reading JSON. The Hub's own "
        "pace is off here. Memory is DuckDB's limit and the ids of the longest listing.",
        quick="--models 200000 --row-by-row-models 5000 --dictionaries-models 50000 --repeats 1",
    ),
    Bench(
        "history",
        "Daily history: a run at its beginning, and after others",
        "dbt starts, parses and tests, which is most of it. With the days grow the tests that hold "
        "the keys of hf.model_stats_daily and hf.model_rank_daily, and what hf.model_rank_daily is "
        "built against.",
        quick="--runs 20 --models 10000",
    ),
    Bench(
        "enrichment",
        "What tags point at: identification, and asking",
        "Identification is one pass of Python over tags. Asking is the source's latency over the "
        "number of threads, up to its rate limit.",
        quick="--models 100000 --things 400",
    ),
    Bench(
        "enrichment_build",
        "What tags point at: the mapping tables",
        "dbt's start and about 300 tests; the rows themselves are a third of it at 100,000 models.",
        quick="--models 20000 100000",
    ),
    Bench(
        "posts",
        "Posts: from run folders to bronze and silver.documents",
        "Cleaning HTML and Markdown in Python, post by post.",
        quick="--posts 10000 100000 --repeats 1",
    ),
    Bench(
        "duplicates",
        "Near-duplicate posts: precision, recall, time",
        "Hashing shingles; candidates are few.",
        full="--speed",
        quick="--speed",
    ),
    Bench(
        "cleaning", "Cleaning one post, hostile ones too", "Linear in the text, whatever it holds."
    ),
    Bench(
        "forms",
        "Forms: words left that are the form's",
        "Counting what comes back is one statement; cleaning is as before.",
    ),
    Bench(
        "embedding",
        "Embedding: engines with the same weights",
        "Matrix products: the table says how near each engine is to this machine's peak.",
        quick="--repeats 3",
    ),
    Bench(
        "compute",
        "Embedding by other processes: Daft, and Daft on Ray",
        "Computing, whoever does it; then starting processes, which does not grow.",
        quick="--texts 2000",
    ),
    Bench(
        "clustering",
        "Clustering: time and inertia",
        "Comparing all points with all centres in every step: n² / 100 where k is n / 100.",
        full="--points 20000 300000",
        quick="--points 20000 --rounds 1",
    ),
    Bench(
        "evaluate",
        "Grouping: texts whose groups are known",
        "Fitting k-means many times: each way, each seed.",
        full="--per-label 0",
        quick="--seeds 3",
    ),
    Bench(
        "summaries",
        "Summaries: sumy's LexRank on our sentences",
        "Comparing all sentences with each other, word by word in Python.",
        quick="--repeats 5",
    ),
    Bench(
        "mining",
        "From posts to issues, end to end",
        "Embedding. The rest is linear; topics are next.",
        quick="--posts 1000 10000",
    ),
    Bench(
        "publish",
        "Publishing to PocketBase",
        "SQLite's commits on the server: batches save them.",
        quick="--repeats 1",
    ),
    Bench(
        "catalog_page",
        "The catalog's page in a browser: 50,000 models",
        "Decoding Parquet in JavaScript until the list is there; then one pass over all models for "
        "each change of the view.",
        quick="--repeats 1",
    ),
    Bench("inputs", "Observing inputs", "Reading and hashing files.", quick="--repeats 1"),
    Bench(
        "experiments",
        "Experiments: making tasks",
        "Writing the product of combinations and templates.",
    ),
)
INTRODUCTION = """\
# Benchmarks

    make bench                                     # all of it
    python -m benchmarks.run --quick --write       # smaller sizes, and this page

Each is a program in this folder that prints a table with its peers beside it, measured in the same
run. The machines are shared and noisy: read the ratios. What was tried and left out is in
[docs/decisions](../docs/decisions).
"""


def main() -> int:
    """Run, print and keep; return 1 when a benchmark failed."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [bench.name for bench in BENCHES]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer repeats")
    parser.add_argument("--write", action="store_true", help="write benchmarks/README.md anew")
    args = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    failed = [
        bench.name
        for bench in BENCHES
        if bench.name in args.only and not _run(bench, quick=args.quick)
    ]
    if args.write:
        PAGE.write_text(page(), encoding="utf-8")
    if failed:
        sys.stderr.write(f"benchmarks.run: failed: {', '.join(failed)}\n")
    return int(bool(failed))


def _run(bench: Bench, *, quick: bool) -> bool:
    """Run one benchmark, show what it prints and keep it; a failure keeps the earlier table."""
    options = shlex.split(bench.quick if quick else bench.full)
    [file] = (ROOT / "benchmarks").rglob(f"{bench.name}.py")
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    command = ["python", "-m", module, *options]
    shown = shlex.join(command).replace(f"{SHARED}/", "../shared/")
    print(f"\n== {bench.name}: {shown}", flush=True)
    load, started = os.getloadavg()[0], time.monotonic()
    done = subprocess.run(
        [sys.executable, *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, flush=True)
    if done.returncode:
        return False
    now = datetime.now(UTC)
    told = {
        "command": shown,
        "measured": f"{now:%Y-%m-%d %H:%M} UTC, {time.monotonic() - started:,.0f} s, "
        f"load {load:.1f} at its beginning",
        "output": done.stdout.replace(f"{SHARED}/", "../shared/").strip("\n"),
    }
    (KEPT / f"{bench.name}.json").write_text(json.dumps(told), encoding="utf-8")
    return True


def page() -> str:
    """Return the page of all that was measured and kept; what was not measured on this machine has
    the section that it has."""
    before = dict(
        re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", PAGE.read_text("utf-8"), re.MULTILINE)
    )
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    parts = [INTRODUCTION, f"{machine}, Python {platform.python_version()}.\n"]
    for bench in BENCHES:
        file = KEPT / f"{bench.name}.json"
        if file.exists():
            told = json.loads(file.read_text(encoding="utf-8"))
            output = "\n".join(f"    {line}".rstrip() for line in told["output"].splitlines())
            parts.append(
                f"## {bench.heading}\n\n`{told['command']}` ({told['measured']})\n\n{output}\n\n"
                f"What limits it: {bench.limits[0].lower()}{bench.limits[1:]}\n"
            )
        elif bench.heading in before:
            parts.append(f"## {bench.heading}\n{before[bench.heading].rstrip()}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
