"""From posts to issues, end to end: seconds per step, peak memory, and how both grow.

    python -m benchmarks.mining.mining
    python -m benchmarks.mining.mining --posts 1000 10000 100000 --repeats 1

Posts of each number are the sample's texts repeated with words exchanged, all of one day, loaded
into an empty database, which is not measured. Measured is `dbt build` of everything from cleaning
to gold with all tests, in a process of its own; the seconds of each step are dbt's own. The same
build again, with nothing new, is the last column but one. A step "grows" by the exponent that its
time has between the last two sizes: 1 is linear.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.measure import ROOT, BenchmarkError, Cost, run
from benchmarks.posts.posts import write_folder
from benchmarks.posts.synthetic import DAY

STEPS = {
    "forms": ("int_post_units", "int_post_forms"),
    "clean": ("int_posts_cleaned",),
    "fold": ("int_posts_deduplicated",),
    "documents": ("documents",),
    "embed": ("int_embeddings", "embeddings"),
    "judge": ("int_post_kinds", "int_problems"),
    "cluster": ("int_clusters", "cluster_assignments"),
    "topics": ("int_topics", "topics", "topic_assignments"),
    "summarize": ("int_cluster_summaries", "cluster_summaries", "clusters"),
    "label": ("int_issue_labels__local", "int_issue_labels__llm", "issue_labels"),
    "identify": ("int_issue_identities",),
    "map": ("int_issue_map", "issue_map"),
}
REST, TESTS = "other tables", "tests"
Seconds = dict[str, float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m benchmarks.mining.mining", description=__doc__)
    add = parser.add_argument
    add("--posts", type=int, nargs="+", default=[1_000, 10_000, 100_000], metavar="N")
    add("--repeats", type=int, default=1, metavar="N")
    add("--work-dir", type=Path, help="where databases go: 3 GB (default: temporary)")
    args = parser.parse_args()
    found: dict[int, list[tuple[Cost, Seconds, Cost]]] = {}
    with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=args.work_dir) as work:
        for posts in sorted(args.posts):
            folder = Path(work) / f"posts-{posts}"
            write_folder(folder, posts)
            for number in range(args.repeats):
                sys.stderr.write(f"{time.strftime('%H:%M:%S')} {posts:,}, {number + 1}\n")
                found.setdefault(posts, []).append(_once(Path(work), folder, posts))
    sys.stdout.write(table(found))


def _once(work: Path, folder: Path, posts: int) -> tuple[Cost, Seconds, Cost]:
    with tempfile.TemporaryDirectory(prefix="run-", dir=work) as scratch:
        home = Path(scratch)
        environment = {
            "PYTHONPATH": str(ROOT),
            "HOME": scratch,
            "ASSAY_TARGET": "duckdb",
            "ASSAY_DATA_DIR": str(home / "data"),
            "DUCKDB_PATH": str(home / "assay.duckdb"),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "HF_HUB_OFFLINE": "1",
        }
        [run_folder] = folder.iterdir()
        log = work / "runs.log"
        run([sys.executable, "-m", "benchmarks.posts.load", str(run_folder)], environment, log)
        tools = Path(sys.executable).parent
        chosen = json.dumps({"cluster_date": str(DAY), "cluster_window_days": 1})
        build = [str(tools / "dbt"), "build", "--quiet", "--select", "tag:issues", "--vars", chosen]
        first = run(build, environment, log)
        seconds = by_step(home / "target" / "run_results.json")
        again = run(build, environment, log)
        with duckdb.connect(str(home / "assay.duckdb"), read_only=True) as connection:
            [(rows,)] = connection.execute(
                "select count(*) from silver.cluster_assignments"
            ).fetchall()
        if not 0.5 * posts <= rows <= posts:
            raise BenchmarkError(f"{rows:,} posts in clusters of {posts:,}")
        return first, seconds, again


def by_step(results: Path) -> Seconds:
    """Return seconds per step out of dbt's run_results.json."""
    of = {model: step for step, models in STEPS.items() for model in models}
    seconds = dict.fromkeys([*STEPS, REST, TESTS], 0.0)
    for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
        kind, _, name = result["unique_id"].split(".")[:3]
        step = TESTS if kind == "test" else of.get(name, REST)
        seconds[step] += result["execution_time"]
    return seconds


def table(found: dict[int, list[tuple[Cost, Seconds, Cost]]]) -> str:
    """Return the measurements as text: a line per step, a column per number of posts."""
    sizes = sorted(found)
    steps = {
        step: [median(seconds[step] for _, seconds, _ in found[size]) for size in sizes]
        for step in [*STEPS, REST, TESTS]
    }
    whole = [median(cost.seconds for cost, _, _ in found[size]) for size in sizes]
    again = [median(cost.seconds for _, _, cost in found[size]) for size in sizes]
    peak = [median(cost.peak_mb for cost, _, _ in found[size]) for size in sizes]
    lines = [
        f"{os.cpu_count()} cores; seconds",
        f"{'step':<16}" + "".join(f"{f'{size:,} posts':>16}" for size in sizes) + f"{'grows':>9}",
    ]
    for step, seconds in (steps | {"whole build": whole, "again": again}).items():
        lines.append(
            f"{step:<16}" + "".join(f"{one:>16.1f}" for one in seconds) + _growth(sizes, seconds)
        )
    lines.append(
        f"{'peak MB':<16}" + "".join(f"{one:>16,.0f}" for one in peak) + _growth(sizes, peak)
    )
    return "\n".join(lines) + "\n"


def _growth(sizes: list[int], values: list[float]) -> str:
    if len(sizes) < 2 or min(values[-2:]) < 0.05:
        return ""
    exponent = math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2])
    return f"{f'n^{exponent:.2f}':>9}"


if __name__ == "__main__":
    main()
