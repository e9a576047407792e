"""How fast posts become documents, what memory it takes, and how both grow.

    python -m benchmarks.posts.posts
    python -m benchmarks.posts.posts --posts 10000 200000 --repeats 3

Made-up posts of each number are written as a run folder, which is not measured. Measured, each in a
process of its own on an empty database: loading bronze from that folder, and `dbt build` of
silver.documents with its tests, which cleans and folds. The same build again, with nothing new, is
the third line. Beside it, in the same run and on the smallest number, the way a person would
otherwise take: dlt with Python dictionaries, and an HTML parser row by row
(benchmarks/posts/peer.py).
"""

import argparse
import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.measure import ROOT, BenchmarkError, Cost, run

STAGES = ("load", "dbt build", "dbt build again")
PEER = "dictionaries"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m benchmarks.posts.posts", description=__doc__)
    add = parser.add_argument
    add("--posts", type=int, nargs="+", default=[10_000, 200_000], metavar="N")
    add("--repeats", type=int, default=3, metavar="N")
    add("--work-dir", type=Path, help="where databases go: 3 GB (default: temporary)")
    args = parser.parse_args()
    costs: dict[tuple[str, int], list[Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=args.work_dir) as work:
        for posts in sorted(args.posts):
            folder = Path(work) / f"posts-{posts}"
            write_folder(folder, posts)
            for number in range(args.repeats):
                sys.stderr.write(f"{time.strftime('%H:%M:%S')} {posts:,}, {number + 1}\n")
                costs_now = _once(Path(work), folder, posts, peer=posts == min(args.posts))
                for stage, cost in costs_now.items():
                    costs.setdefault((stage, posts), []).append(cost)
    print(_table(costs, sorted(args.posts)))


def write_folder(folder: Path, posts: int) -> None:
    """Write the run folder in a process of its own, so that ours stays small."""
    code = (
        "import sys; from benchmarks.posts.posts import write_run; "
        "write_run(sys.argv[1], sys.argv[2])"
    )
    run(
        [sys.executable, "-c", code, str(folder), str(posts)],
        {"PYTHONPATH": str(ROOT)},
        folder.parent / "write.log",
    )


def write_run(parent: str, posts: str) -> None:
    """Write a run folder of so many posts below `parent`."""
    from assay.extract.landing.run_folder import RunFolder  # noqa: PLC0415
    from assay.extract.posts.collect import FileWriter  # noqa: PLC0415
    from assay.extract.posts.lines import LineWriter  # noqa: PLC0415
    from benchmarks.posts.synthetic import days  # noqa: PLC0415 - large, and measured by nobody

    folder = RunFolder.create(Path(parent), {"posts": posts})
    lines = LineWriter(folder.run_id, b"salt", 0, int(time.time()))
    with FileWriter(folder) as files:
        for day in days(ROOT / "sample" / "items", int(posts)):
            files.write(lines.day(day))
    folder.finish("extracted")


def _once(work: Path, folder: Path, posts: int, *, peer: bool) -> dict[str, Cost]:
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
        }
        [run_folder] = folder.iterdir()
        load = [sys.executable, "-m", "benchmarks.posts.load", str(run_folder)]
        tools = Path(sys.executable).parent
        build = [str(tools / "dbt"), "build", "--quiet", "--select", "+documents"]
        log = work / "runs.log"
        costs = {
            "load": run(load, environment, log),
            "dbt build": run(build, environment, log),
            "dbt build again": run(build, environment, log),
        }
        with duckdb.connect(str(home / "assay.duckdb"), read_only=True) as connection:
            [(rows,)] = connection.execute("select count(*) from silver.documents").fetchall()
        if rows != posts:
            raise BenchmarkError(f"{rows:,} documents of {posts:,} posts")
        if peer:
            other = [sys.executable, "-m", "benchmarks.posts.peer", str(run_folder)]
            costs[PEER] = run([*other, str(home / "peer.duckdb")], environment, log, cwd=home)
        return costs


def _table(costs: dict[tuple[str, int], list[Cost]], sizes: list[int]) -> str:
    lines = [
        f"{os.cpu_count()} cores",
        f"{'stage':<18}{'posts':>10}{'seconds (min-max)':>24}{'posts/s':>10}{'peak MB':>10}",
    ]
    for (stage, posts), found in costs.items():
        seconds = [cost.seconds for cost in found]
        middle = median(seconds)
        span = f"{middle:.1f} ({min(seconds):.1f}-{max(seconds):.1f})"
        peak = median(cost.peak_mb for cost in found)
        lines.append(f"{stage:<18}{posts:>10,}{span:>24}{posts / middle:>10,.0f}{peak:>10,.0f}")
    ours = sum(median(c.seconds for c in costs[stage, sizes[0]]) for stage in STAGES[:2])
    peer = median(cost.seconds for cost in costs[PEER, sizes[0]])
    lines.append(f"{PEER}: {peer / ours:.1f} times load and dbt build together, and no tests")
    for few, many in pairwise(sizes):
        lines.append(f"From {few:,} to {many:,} posts ({many / few:.0f} times):")
        for stage in STAGES:
            time_ratio, peak_ratio = (
                median(getattr(c, name) for c in costs[stage, many])
                / median(getattr(c, name) for c in costs[stage, few])
                for name in ("seconds", "peak_mb")
            )
            lines.append(f"{stage:<18}time x {time_ratio:.1f}, peak memory x {peak_ratio:.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
