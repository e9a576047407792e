"""How much of the project's SQL other warehouses would understand.

    python -m benchmarks.adapters [--show snowflake]

dbt compiles all models as for an empty DuckDB; SQLGlot then translates each from DuckDB's SQL into
that of another warehouse and reads the result again. Nothing is run there, so what passes is an
upper bound: SQLGlot hands functions that it does not know through as they stand, which is why they
are counted apart. The column `catalog` has the models under models/hf that pass whole. --show names
each model that does not pass, with its reason.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from benchmarks.measure import ROOT, BenchmarkError

DIALECTS = ("duckdb", "postgres", "snowflake", "bigquery", "databricks", "clickhouse")
WHOLE, UNKNOWN, STOPPED = "whole", "with unknown functions", "stopped"


@dataclass(frozen=True)
class Verdict:
    """What became of one model. reasons: function names, or the first line of an error."""

    model: str
    outcome: str
    reasons: tuple[str, ...] = ()


def main() -> None:
    """Print the table, and of one warehouse all that does not pass."""
    parser = argparse.ArgumentParser("python -m benchmarks.adapters", description=__doc__)
    parser.add_argument("--show", choices=DIALECTS, help="name the models that do not pass")
    options = parser.parse_args()
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        models = dict(_compiled(Path(scratch)))
    catalog = sum(model.startswith("hf/") for model in models)
    counted = f"{len(models)} models in SQL, {catalog} of them the catalog's"
    print(f"{counted}; SQLGlot {sqlglot.__version__}\n")
    print(f"{'':<12}{'whole':>7}{'unknown':>9}{'stopped':>9}{'catalog':>9}  most frequent reasons")
    for dialect in DIALECTS:
        verdicts = [judge(name, sql, dialect) for name, sql in models.items()]
        print(_row(dialect, verdicts))
        if dialect == options.show:
            _show(verdicts)


def judge(model: str, sql: str, dialect: str) -> Verdict:
    """Translate one model into a dialect and read the result again there."""
    try:
        (tree,) = sqlglot.parse(sql, read="duckdb")
        translated = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
        again = sqlglot.parse_one(translated, read=dialect)
    except SqlglotError as error:
        return Verdict(model, STOPPED, tuple(_reasons(error)))
    unknown = sorted({call.name.lower() for call in again.find_all(exp.Anonymous)})
    # DuckDB itself knows what SQLGlot does not.
    if unknown and dialect != "duckdb":
        return Verdict(model, UNKNOWN, tuple(unknown))
    return Verdict(model, WHOLE)


def _reasons(error: SqlglotError) -> Iterator[str]:
    for line in str(error).splitlines():
        if line.strip():
            yield line.strip(" \t.")[:90]
            return


def _compiled(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield each model's path and its SQL, as dbt writes it for a database that is empty."""
    environment = os.environ | {
        "DUCKDB_PATH": str(folder / "empty.duckdb"),
        "ASSAY_TARGET": "duckdb",
    }
    ran = subprocess.run(
        [Path(sys.executable).parent / "dbt", "compile", "--target-path", str(folder), "--quiet"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise BenchmarkError(f"dbt compile failed: {ran.stdout[-2000:]}")
    compiled = folder / "compiled" / "assay" / "models"
    # Tests of models lie in folders that are named after their YAML files.
    for path in sorted(compiled.rglob("*.sql")):
        if not any(part.endswith(".yml") for part in path.parts):
            name = path.relative_to(compiled).with_suffix("").as_posix()
            yield name, path.read_text(encoding="utf-8")


def _row(dialect: str, verdicts: list[Verdict]) -> str:
    counts = Counter(verdict.outcome for verdict in verdicts)
    reasons = Counter(reason for verdict in verdicts for reason in verdict.reasons)
    often = "; ".join(f"{reason} ({times})" for reason, times in reasons.most_common(5))
    catalog = sum(v.outcome == WHOLE and v.model.startswith("hf/") for v in verdicts)
    numbers = counts[WHOLE], counts[UNKNOWN], counts[STOPPED], catalog
    return f"{dialect:<12}{numbers[0]:>7}{numbers[1]:>9}{numbers[2]:>9}{numbers[3]:>9}  {often}"


def _show(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.outcome != WHOLE:
            print(f"    {verdict.model}: {verdict.outcome}: {', '.join(verdict.reasons)}")


if __name__ == "__main__":
    main()
