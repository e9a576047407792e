"""How fast the tables of an experiment are built as concepts are added, without asking anybody.

    python -m benchmarks.experiments [--concepts 6 20 40] [--k-max 4]

The SQL is the models' own, compiled by dbt; only the concepts are invented. 40 concepts in fours
are 91,390 combinations, 365,560 link tasks, 731,120 essays and 2,924,480 evaluations.
"""

import argparse
import json
import math
import os
import platform
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.measure import ROOT, BenchmarkError, run

MODELS = (
    "content_combinations",
    "link_generation_tasks",
    "essay_generation_tasks",
    "evaluation_tasks",
)
STAGING = ("stg_concepts", "stg_link_templates", "stg_essay_templates", "stg_evaluation_templates")


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concepts", type=int, nargs="+", default=[6, 20, 40])
    parser.add_argument("--k-max", type=int, default=4)
    args = parser.parse_args(argv)
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, memory_limit 512MB")
    print(f"{'concepts':>8} {'table':<24} {'rows':>10} {'seconds':>8}")
    for concepts in args.concepts:
        with tempfile.TemporaryDirectory() as folder:
            for table, rows, seconds in measured(Path(folder), concepts, args.k_max):
                print(f"{concepts:>8} {table:<24} {rows:>10,} {seconds:>8.2f}")


def measured(folder: Path, concepts: int, size: int) -> list[tuple[str, int, float]]:
    """Return rows and dbt's own execution time of each table, and the wall time of it all.

    Raises BenchmarkError when dbt fails or a table has not the rows that it must have.
    """
    environment = {
        "ASSAY_TARGET": "duckdb",
        "DUCKDB_PATH": str(folder / "assay.duckdb"),
        "DUCKDB_MEMORY_LIMIT": "512MB",
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    load(folder / "assay.duckdb", concepts)
    logs, given = folder / "log", ["--vars", json.dumps({"k_max": size})]
    run(
        ["dbt", "build", "--select", "tag:experiments,resource_type:seed", *given],
        environment,
        logs,
    )
    started = time.monotonic()
    run(["dbt", "run", "--select", *STAGING, *MODELS, *given], environment, logs)
    whole = time.monotonic() - started
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    seconds = {one["unique_id"].split(".")[-1]: one["execution_time"] for one in results["results"]}
    with duckdb.connect(str(folder / "assay.duckdb"), read_only=True) as db:
        found = [
            (table, db.sql(f"select count(*) from experiments.{table}").fetchall()[0][0])
            for table in MODELS
        ]
    if found[0][1] != math.comb(concepts, size):
        raise BenchmarkError(f"{found[0][1]} combinations, not {math.comb(concepts, size)}")
    tables = [(table, rows, seconds[table]) for table, rows in found]
    return [*tables, ("all, with dbt's start", sum(rows for _, rows in found), whole)]


def load(file: Path, concepts: int) -> None:
    """Write bronze.input_files with invented concepts and the project's templates."""
    rows = [
        {
            "concept_id": f"concept-{n:03}",
            "title": f"Concept {n}",
            "file": f"{n}.md",
            "active": "true",
        }
        for n in range(concepts)
    ]
    files = [("concepts", "inputs/concepts.csv", "-", json.dumps(rows))]
    files += [
        ("concepts", f"inputs/concepts/{n}.md", f"Text {n}. " * 60, None) for n in range(concepts)
    ]
    files += [
        (f"{path.parent.name}_templates", path.relative_to(ROOT).as_posix(), path.read_text(), None)
        for path in sorted((ROOT / "inputs" / "templates").rglob("*.j2"))
    ]
    with duckdb.connect(str(file)) as db:
        db.execute("create schema bronze")
        db.execute(
            "create table bronze.input_files (input_name varchar, path varchar, content varchar, "
            "csv_rows json, sha256 varchar, size bigint)"
        )
        db.executemany(
            "insert into bronze.input_files select $1, $2, $3, $4, sha256($3), length($3)", files
        )


if __name__ == "__main__":
    main()
