"""How long it takes to notice an edit among many input files, and that there was none.

    python -m benchmarks.inputs [--files 10000] [--bytes 2000] [--repeats 3]

Measured are the commands that `make refresh` starts before it builds, each with its start, on a
copy of the project with so many concepts. Building is not: that is what the edit made stale. CPU
seconds are told beside the wall's, which other work on the machine stretches.
"""

import argparse
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measure import ROOT, Cost, run

BIN = Path(sys.executable).parent
LEFT_OUT = shutil.ignore_patterns("__pycache__", "secrets.toml")
OBSERVE = [str(BIN / "dlt"), "pipeline", "inputs", "run"]
DECIDE = [sys.executable, "-c", "from assay.refresh import refresh; refresh.observed()"]
READ = [
    sys.executable,
    "-c",
    "from assay.extract.input_files.observe import Path, observe; observe(Path.cwd())",
]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser("python -m benchmarks.inputs", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, metavar="N")
    parser.add_argument("--bytes", type=int, default=2_000, metavar="N", help="of each file")
    parser.add_argument("--repeats", type=int, default=3, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "project"
        _copy(root)
        _concepts(root, options.files, options.bytes)
        print(f"{options.files:,} concept files of {options.bytes:,} bytes")
        print(f"{'step':<42}{'seconds (median, min-max)':>27}{'CPU s':>9}{'peak MB':>10}")
        for name, costs in _steps(root, options.repeats):
            seconds = [cost.seconds for cost, _ in costs]
            shown = f"{median(seconds):.1f} ({min(seconds):.1f}-{max(seconds):.1f})"
            cpu, peak = median(used for _, used in costs), max(cost.peak_mb for cost, _ in costs)
            print(f"{name:<42}{shown:>27}{cpu:>9.1f}{peak:>10.0f}", flush=True)


def _copy(root: Path) -> None:
    """Copy what the commands need of the project."""
    for name in (
        "assay",
        "common",
        "extract",
        "macros",
        "mining",
        "models",
        "python_models",
        "seeds",
        "tests",
        "inputs",
        ".dlt",
    ):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=LEFT_OUT)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, root)


def _concepts(root: Path, files: int, size: int) -> None:
    folder = root / "inputs" / "concepts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"concept-{number:06}.md").write_text(f"{number:06} ".ljust(size, "x"))
    rows = (f"c{number},Concept {number},concept-{number:06}.md,true\n" for number in range(files))
    table = root / "inputs" / "concepts.csv"
    table.write_text("concept_id,title,file,active\n" + "".join(rows))


def _cpu() -> float:
    """Return the CPU seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _steps(root: Path, repeats: int) -> Iterator[tuple[str, list[tuple[Cost, float]]]]:
    environment = {"PYTHONPATH": str(root), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    for name in ("ASSAY_DATA_DIR", "DUCKDB_PATH", "DBT_TARGET_PATH"):
        os.environ.pop(name, None)

    def measured(command: list[str]) -> tuple[Cost, float]:
        before = _cpu()
        return run(command, environment, root / "log", cwd=root), _cpu() - before

    yield "read and hash alone", [measured(READ) for _ in range(repeats)]
    yield "observe: all are new (once)", [measured(OBSERVE)]
    measured(DECIDE)  # dbt parses the project once
    yield "observe: nothing changed", [measured(OBSERVE) for _ in range(repeats)]
    edited = []
    for number in range(repeats):
        with (root / "inputs" / "concepts" / f"concept-{number:06}.md").open("a") as file:
            file.write("!")
        edited.append(measured(OBSERVE))
    yield "observe: one byte of one file changed", edited
    yield "decide: what dbt finds fresher, and code", [measured(DECIDE) for _ in range(repeats)]


if __name__ == "__main__":
    main()
