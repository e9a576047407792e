"""The ingestion report of the Hugging Face catalog: Markdown with two pictures, and plain text.

    python -m publish.hf_report [--target duckdb|postgres] [--out reports]

The questions are in publish/reports/questions.py, their SQL in publish/reports/sql; how a table is
shown is in publish/reports/tables.py. Here they meet: ask, draw, write.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg2

from assay import warehouse
from assay.common import files
from assay.publish.reports.questions import SECTIONS, query
from assay.publish.reports.section import Section
from assay.publish.reports.tables import Block, Rows, TrustedText, alarms_of, markdown, plain

log = logging.getLogger(__name__)

FILE = "hf_ingestion_report.md"
RUN_FOLDERS_SHOWN = 5
# heading of a manifest's value, and where in the manifest it stands
MANIFEST_VALUES = (
    ("endpoint", "arguments", "endpoint"),
    ("limit per task", "arguments", "limit_per_task"),
    ("first N tasks only", "arguments", "max_tasks"),
    ("these tasks only", "arguments", "tasks"),
    ("tasks the Hub has", "counts", "tasks_available"),
    ("tasks asked", "counts", "tasks"),
    ("models listed", "counts", "models_listed"),
    ("records skipped", "counts", "records_skipped"),
    ("requests", "counts", "requests"),
    ("retries", "counts", "retries"),
    ("seconds", "counts", "seconds"),
)


def main(argv: list[str] | None = None) -> int:
    """Write the report and print it; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells about its fonts
    started = time.monotonic()
    path = args.out / FILE
    try:
        blocks = report(args.target, args.out)
        files.write(path, markdown(blocks))
        print_text(plain(blocks))
    except (warehouse.WarehouseError, duckdb.Error, psycopg2.Error, OSError) as error:
        if args.verbose:
            log.exception("where it stopped:")
        sys.stderr.write(f"hf_report: {warehouse.why(error, 'the catalog is')}\n")
        return 1
    for alarm in alarms_of(blocks):
        log.error("ATTENTION: %s", alarm)
    log.info("wrote %s in %.1f s", path, time.monotonic() - started)
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.hf_report",
        description="Write the ingestion report of the Hugging Face catalog and print it.",
    )
    parser.add_argument(
        "--target",
        choices=warehouse.TARGETS,
        help="the warehouse (default: ASSAY_TARGET, or duckdb)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=warehouse.reports_dir(),
        metavar="DIR",
        help="where the report goes (default: ASSAY_REPORTS_DIR, or reports)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="show tracebacks")
    return parser.parse_args(argv)


def report(target: str | None, out: Path) -> list[Block]:
    """Ask every question, draw the pictures into `out`, and return the report's parts in order.

    Raises WarehouseError, and the database's own errors when a table is missing.
    """
    with warehouse.connect(target) as db:
        answers = [(section, *_ask(db, section)) for section in SECTIONS]
    out.mkdir(parents=True, exist_ok=True)
    blocks = [_block(section, sql, rows, out) for section, sql, rows in answers]
    runs = dict.fromkeys(str(row[0]) for row in blocks[0].rows)
    return [blocks[0], _run_folders(list(runs)), *blocks[1:]]


def _ask(db: warehouse.Warehouse, section: Section) -> tuple[str, Rows]:
    """Run a section's query; return its text exactly as run, and the rows."""
    sql = db.named(query(section))
    return sql, db.rows(sql)


def _block(section: Section, sql: str, rows: Rows, out: Path) -> Block:
    columns, picture, alarms = tuple(map(TrustedText, section.columns)), "", ()
    source = f"<details><summary>SQL</summary>\n\n```sql\n{sql}\n```\n\n</details>"
    if section.layout == "checks":
        alarms = tuple(f"{row[1]:,} found: {row[0]}" for row in rows if row[1])
        verdicts = [TrustedText(f"{row[1]:,}: {'BAD' if row[1] else 'good'}") for row in rows]
        rows = [(row[0], verdict, row[2]) for row, verdict in zip(rows, verdicts, strict=True)]
    elif section.layout == "record":
        alarms = (section.if_zero,) if section.if_zero and not rows[0][0] else ()
        rows = list(zip(columns, rows[0], strict=True))
        columns = (TrustedText("what"), TrustedText("value"))
    elif section.draw:
        picture = _picture(section.draw, rows, out / section.layout)
        rows = []
    return Block(section.title, section.about, columns, rows, source, picture, alarms)


def _picture(draw: Callable[[Rows, Path], None], rows: Rows, path: Path) -> str:
    """Draw the rows; without any, take away the picture of an earlier report."""
    if not rows:
        path.unlink(missing_ok=True)
        return ""
    draw(rows, path)
    return path.name


def _run_folders(run_ids: list[str]) -> Block:
    """Say what the manifests of the runs know, where the run folders are still there."""
    found = {run_id: manifest for run_id in run_ids if (manifest := _manifest(run_id))}
    shown_ids = list(found)[:RUN_FOLDERS_SHOWN]
    rows = [
        (TrustedText(heading), *(_manifest_value(found[run_id], part, key) for run_id in shown_ids))
        for heading, part, key in MANIFEST_VALUES
    ]
    return Block(
        "Run folders",
        f"What the manifests of the runs say. Runs: {len(run_ids):,}, with a manifest at hand: "
        f"{len(found):,}, shown: {len(shown_ids)}.",
        (TrustedText("run"), *shown_ids),
        rows if shown_ids else [],
        "From `raw/hf/<run>/manifest.json` in the data folder." if shown_ids else "",
    )


def _manifest(run_id: str) -> dict[str, Any] | None:
    """Return a run's manifest, or None when there is none that can be read."""
    if not re.fullmatch(r"[\w-]+", run_id):
        return None  # it names no run folder, and must not name another place
    path = warehouse.data_dir() / "raw" / "hf" / run_id / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None


def _manifest_value(manifest: dict[str, Any], part: str, key: str) -> Any:
    values = manifest.get(part)
    value = values.get(key) if isinstance(values, dict) else None
    if key == "endpoint" and value is not None:
        return re.sub(r"//[^/]*@", "//", str(value))  # a password in it is nobody's business
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def print_text(text: str) -> None:
    """Write to the terminal, whatever its encoding and however early the reader goes away."""
    with contextlib.suppress(AttributeError):  # standard output may be no stream over bytes
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head`: without this, Python complains again when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
