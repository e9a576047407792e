"""What daily history costs: a run of the catalog at its beginning, and after a hundred others.

    python -m benchmarks.hub.history
    python -m benchmarks.hub.history --runs 20 --models 10000

A made-up Hub is read once. Each day's run folder is that reading with other counters: of every
model downloads, of a tenth likes. Each is loaded, and `dbt build --select tag:hf` builds and tests
after each, in processes of their own. Beside it stands what keeping every reading as it came would
take. A wrong number of rows of history ends the benchmark.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import duckdb
import orjson

from assay.extract.landing.run_folder import RunFolder
from benchmarks.hub.synthetic import write
from benchmarks.measure import ROOT, BenchmarkError, Cost, replay_server, run

FIRST = datetime(2026, 8, 1, 6, tzinfo=UTC)
COLUMNS = ("runs", "load s", "build s", "processor s", "peak MB", "warehouse MB", "readings MB")


class Catalog:
    """A warehouse that gets one reading a day."""

    def __init__(self, work: Path, models: int) -> None:
        self._work, self._log = work, work / "commands.log"
        self.database = work / "catalog.duckdb"
        hub = work / "hub"
        write(hub, models)
        with replay_server(hub, work) as endpoint:
            every = ("--limit-per-task", "1000000", "--dry-run")
            self._dlt(*every, more={"HF_ENDPOINT": endpoint})
        [self._reading] = (work / "data" / "raw" / "hf").iterdir()
        self.readings = 0  # bytes

    def day(self, number: int) -> tuple[Cost, Cost]:
        """Load and build one day; return what each cost."""
        folder = self._folder_of(number)
        self.readings += sum(file.stat().st_size for file in folder.path.iterdir())
        load = self._dlt("--run-folder", str(folder.path))
        build = self._run("dbt", "build", "--quiet", "--select", "tag:hf")
        return load, build

    def models(self) -> int:
        """Return how many models the reading has."""
        with (self._reading / "hf_models.json").open("rb") as lines:
            return len({orjson.loads(line.strip(b",\n"))["_id"] for line in lines if b"{" in line})

    def _folder_of(self, number: int) -> RunFolder:
        """Write the reading of a day."""
        chance = random.Random(number)
        folder = RunFolder.create(self._work / "days", {"limit_per_task": 1_000_000})
        known = orjson.loads((self._reading / "manifest.json").read_bytes())
        folder.manifest["started_at"] = (FIRST + timedelta(days=number)).isoformat()
        for name in ("tasks_available", "listings"):
            folder.manifest[name] = known[name]
        counters: dict[str, tuple[int, int]] = {}
        for name in known["files"]:
            with (self._reading / name).open("rb") as lines, folder.records(name) as out:
                for line in lines:
                    if b"{" not in line:
                        continue
                    record = orjson.loads(line.strip(b",\n"))
                    if "downloads" in record:
                        now = counters.setdefault(
                            record["_id"],
                            (
                                record["downloads"] + chance.randrange(1, 1_000),
                                record["likes"] + (chance.random() < 0.1),
                            ),
                        )
                        record["downloads"], record["likes"] = now
                    out.write(orjson.dumps(record))
        folder.finish("extracted")
        return folder

    def _dlt(self, *arguments: str, more: dict[str, str] | None = None) -> Cost:
        return self._run("dlt", "pipeline", "hf_catalog", "run", *arguments, more=more)

    def _run(self, tool: str, *arguments: str, more: dict[str, str] | None = None) -> Cost:
        environment = {
            "PYTHONPATH": str(ROOT),
            "HOME": str(self._work),
            "ASSAY_TARGET": "duckdb",
            "ASSAY_DATA_DIR": str(self._work / "data"),
            "DUCKDB_PATH": str(self.database),
            "DBT_TARGET_PATH": str(self._work / "target"),
            "DBT_LOG_PATH": str(self._work / "logs"),
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "HF_TOKEN": "",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "NO_PROXY": "127.0.0.1",
        }
        command = [str(Path(sys.executable).parent / tool), *arguments]
        return run(command, environment | (more or {}), self._log)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.history", description=__doc__)
    add = parser.add_argument
    add("--models", type=int, default=50_000, metavar="N")
    add("--runs", type=int, default=100, metavar="N")
    add("--work-dir", type=Path, help="where the Hub and the warehouse go: 3 GB")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=args.work_dir) as work:
        catalog = Catalog(Path(work), args.models)
        for number in range(args.runs):
            load, build = catalog.day(number)
            size = catalog.database.stat().st_size / 1e6
            rows.append((load, build, size, catalog.readings / 1e6))
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} {number + 1}: {build.seconds:.1f} s\n")
            for folder in (Path(work) / "days").iterdir():
                for file in folder.iterdir():
                    file.unlink()
                folder.rmdir()
        _check(catalog, args.runs)
        models = catalog.models()
    print(f"{os.cpu_count()} cores; {models:,} models a run, medians of up to ten runs\n")
    print("".join(f"{name:>14}" for name in COLUMNS))
    for first in sorted({0, 1, args.runs // 4, args.runs // 2, max(1, args.runs - 10)}):
        some = rows[first : first + (1 if first == 0 else 10)]
        load, build = [one[0] for one in some], [one[1] for one in some]
        last = first + len(some)
        values = (
            f"{first + 1} to {last}" if len(some) > 1 else f"{last}",
            f"{median(cost.seconds for cost in load):.1f}",
            f"{median(cost.seconds for cost in build):.1f}",
            f"{median(a.processor + b.processor for a, b in zip(load, build, strict=True)):.1f}",
            f"{max((a + b).peak_mb for a, b in zip(load, build, strict=True)):,.0f}",
            f"{some[-1][2]:,.0f}",
            f"{some[-1][3]:,.0f}",
        )
        print("".join(f"{value:>14}" for value in values))


def _check(catalog: Catalog, runs: int) -> None:
    with duckdb.connect(str(catalog.database), read_only=True) as connection:
        [(rows, days)] = connection.execute(
            "select count(*), count(distinct observed_on) from hf.model_stats_daily"
        ).fetchall()
    if (rows, days) != (catalog.models() * runs, runs):
        raise BenchmarkError(f"{rows:,} rows of {days} days in hf.model_stats_daily")


if __name__ == "__main__":
    main()
