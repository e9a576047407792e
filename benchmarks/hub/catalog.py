"""How fast the Hub becomes hf.* tables, what memory it takes, and how both grow.

    make bench
    python -m benchmarks.hub.catalog --models 200000 1000000 --repeats 3 --work-dir /big/disk

A made-up Hub of each size is served by the replay server from a process of its own, which is not
measured. Every run starts with an empty database in new processes; its tables are counted
afterwards, and a wrong count ends the benchmark. Beside Assay, in the same run, two ways in which
a person would otherwise do it (benchmarks/hub/peers.py), on fewer models, since they are slow.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.hub.synthetic import write
from benchmarks.measure import ROOT, Cost, replay_server, run
from benchmarks.table import Results

EVERYTHING = 1_000_000  # --limit-per-task that cuts no listing
DAILY = 1_000
NAMES = {"row-by-row": "row-by-row upsert", "dlt-dictionaries": "dlt, Python dictionaries"}


class Arena:
    """One Hub being served, and a place for each run's files."""

    def __init__(self, work: Path, hub: Path, endpoint: str) -> None:
        self.hub = hub
        self.endpoint = endpoint
        self._work = work

    @contextmanager
    def fresh(self) -> Iterator["Run"]:
        """Give a run with nothing in it; its files are removed at the end."""
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._work))
        try:
            yield Run(self, folder)
        finally:
            shutil.rmtree(folder)


class Run:
    """One contestant's run: its database, its environment and its log."""

    def __init__(self, arena: Arena, folder: Path) -> None:
        self.database = folder / "catalog.duckdb"
        self._arena = arena
        self._folder = folder
        self._log = arena.hub / "contestants.log"

    def assay(self, *arguments: str) -> Cost:
        """Run `dlt pipeline hf_catalog run` with these arguments."""
        return self._run([_tool("dlt"), "pipeline", "hf_catalog", "run", *arguments])

    def stages(self, limit_per_task: int) -> dict[str, Cost]:
        """Run Assay from the first request to tested tables, each stage as its own command."""
        read = self.assay("--limit-per-task", str(limit_per_task), "--dry-run")
        [run_folder] = (self._folder / "data" / "raw" / "hf").iterdir()
        load = self.assay("--run-folder", str(run_folder))
        return {"read": read, "load": load, "dbt build": self.dbt_build()}

    def dbt_build(self) -> Cost:
        """Build and test the catalog's tables."""
        return self._run([_tool("dbt"), "build", "--quiet", "--select", "tag:hf"])

    def peer(self, name: str) -> Cost:
        """Run one of benchmarks/hub/peers.py, outside the project: our settings are not for it."""
        command = ["-m", "benchmarks.hub.peers", name, self._arena.endpoint, str(self.database)]
        return self._run([sys.executable, *command], cwd=self._folder)

    def check(self, limit_per_task: int) -> None:
        """Raise BenchmarkError unless the tables have the rows that the Hub's file asks for."""
        command = ["-m", "benchmarks.hub.expected", str(self._arena.hub), str(self.database)]
        self._run([sys.executable, *command, "--limit-per-task", str(limit_per_task)])

    def _run(self, command: list[str], **options: Path) -> Cost:
        return run(command, self._environment(), self._log, **options)

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "ASSAY_TARGET": "duckdb",
            "ASSAY_DATA_DIR": str(folder / "data"),
            "DUCKDB_PATH": str(self.database),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "HF_ENDPOINT": self._arena.endpoint,
            "HF_TOKEN": "",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "NO_PROXY": "127.0.0.1",
        }


def measure_everything(arena: Arena, models: int, repeats: int, results: Results) -> None:
    """Assay over the whole Hub."""
    for number in range(repeats):
        _say(f"assay, {models:,} models, {number + 1} of {repeats}")
        with arena.fresh() as attempt:
            stages = attempt.stages(EVERYTHING)
            attempt.check(EVERYTHING)
        results.add("assay", models, sum(stages.values(), Cost(0, 0)))
        for stage, cost in stages.items():
            results.add(f"  {stage}", models, cost)


def measure_peer(arena: Arena, name: str, models: int, repeats: int, results: Results) -> None:
    """Run one of the other ways over the whole Hub."""
    for number in range(repeats):
        _say(f"{NAMES[name]}, {models:,} models, {number + 1} of {repeats}")
        with arena.fresh() as attempt:
            results.add(NAMES[name], models, attempt.peer(name))
            attempt.check(EVERYTHING)


def measure_daily(arena: Arena, tasks: int, repeats: int, results: Results) -> None:
    """Assay's usual load, the top of each task, and the same again as on the next day."""
    for number in range(repeats):
        _say(f"{tasks} x {DAILY:,}, {number + 1} of {repeats}")
        with arena.fresh() as attempt:
            for again in ("", ", run again"):
                load = attempt.assay("--limit-per-task", str(DAILY))
                cost = load + attempt.dbt_build()
                attempt.check(DAILY)
                results.add(f"assay, {tasks} x {DAILY:,}{again}", tasks * DAILY, cost)


def measure(args: argparse.Namespace, work: Path) -> Results:
    """Run every contestant on its Hubs, one Hub at a time."""
    results = Results()
    peers = {"row-by-row": args.row_by_row_models, "dlt-dictionaries": args.dictionaries_models}
    for models in sorted({*args.models, *peers.values()}):
        hub = work / f"hub-{models}"
        started = time.monotonic()
        write(hub, models)
        _say(f"a Hub of {models:,} models written in {time.monotonic() - started:.1f} s")
        with replay_server(hub, work) as endpoint:
            arena = Arena(work, hub, endpoint)
            measure_everything(arena, models, args.repeats, results)
            for name, peer_models in peers.items():
                if peer_models == models:
                    measure_peer(arena, name, models, args.repeats, results)
            if models == max(args.models):
                measure_daily(arena, 47, args.repeats, results)
        shutil.rmtree(hub)
    return results


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.catalog", description=__doc__)
    add = parser.add_argument
    add("--models", type=int, nargs="+", default=[200_000, 1_000_000], metavar="N")
    add("--row-by-row-models", type=int, default=20_000, metavar="N")
    add("--dictionaries-models", type=int, default=200_000, metavar="N")
    add("--repeats", type=int, default=3, metavar="N")
    add("--work-dir", type=Path, help="where the Hubs and databases go: 5 GB (default: temporary)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=args.work_dir) as work:
        results = measure(args, Path(work))
    print(results.as_text(args.models))


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


if __name__ == "__main__":
    main()
