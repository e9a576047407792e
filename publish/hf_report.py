"""The ingestion report of the Hugging Face catalog: Markdown with two pictures, and plain text.

    python -m publish.hf_report [--target duckdb|postgres] [--out reports]

SECTIONS holds each question to the warehouse with the query that answers it. The text that is run
is the text that is shown, and it runs unchanged on DuckDB and Postgres, so anyone can ask again.
Ids, licences and labels were written by strangers: they are shown as text and never as markup.
"""

import argparse
import contextlib
import json
import logging
import os
import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import dedent, wrap
from typing import Any

import duckdb
import psycopg2

from assay import warehouse
from publish import hf_plots

log = logging.getLogger(__name__)

FILE = "hf_ingestion_report.md"
NOTHING = "-"
MOST_CHARACTERS = 80
RUN_FOLDERS_SHOWN = 5
# Unicode's categories of controls, marks of format and direction, half characters, and spaces
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs")
NOT_BUILT = (
    duckdb.CatalogException,
    duckdb.BinderException,
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
)
MODEL_COLUMNS = ("model", "task on its card", "library", "licence", "downloads", "likes")
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
Rows = Sequence[Sequence[Any]]


class Ours(str):
    """Text of this module: shown as it stands."""

    __slots__ = ()


@dataclass(frozen=True)
class Section:
    """One question and how its answer is shown.

    columns: headings, one per column of the query. layout: `table`; `record`, one row written
    downwards; `checks`, rows of (what, how many, an example) that must count 0; or the file name of
    the picture that `draw` makes of the rows. When the first number of a `record` is 0, `if_zero`
    is said on top of the report.
    """

    title: str
    about: str
    columns: tuple[str, ...]
    sql: str
    layout: str = "table"
    draw: Callable[[Rows, Path], None] | None = None
    if_zero: str = ""


@dataclass(frozen=True)
class Block:
    """One part of the report, ready for either form: what to say, a table or a picture, its origin.

    alarms: what a reader must not miss.
    """

    title: str
    about: str
    columns: Sequence[str]
    rows: Rows
    source: str
    picture: str = ""
    alarms: tuple[str, ...] = ()


SECTIONS = (
    Section(
        "Runs",
        "The last listing of each task, by the run that read it. Rows seen twice and models that "
        "came late are the marks of a listing that changed while it was read.",
        ("run", "observed at", "limit per task", "tasks", "models listed", "pages",
         "rows seen twice", "came late", "without id", "unsettled tasks"),
        """
        select
            run_id,
            max(observed_at) as observed_at,
            limit_per_task,
            count(*) as tasks,
            sum(models) as models,
            sum(pages) as pages,
            sum(repeats) as repeats,
            sum(late) as late,
            sum(skipped) as skipped,
            sum(case when settled then 0 else 1 end) as unsettled
        from bronze.hf_task_listings
        group by run_id, limit_per_task
        order by observed_at desc, run_id, limit_per_task
        """,
    ),
    Section(
        "Counts",
        "Rows of each table. A model that several tasks list is one model.",
        ("models", "tasks", "tasks with no model", "models in tasks", "daily observations",
         "rows listed", "different licences", "authors"),
        """
        select
            (select count(*) from hf.models) as models,
            (select count(*) from hf.tasks) as tasks,
            (
                select count(*) from hf.tasks
                where task_id not in (select task_id from hf.model_tasks)
            ) as tasks_with_no_model,
            (select count(*) from hf.model_tasks) as model_tasks,
            (select count(*) from hf.model_stats_daily) as model_stats_daily,
            (select count(*) from bronze.hf_models) as listed_rows,
            (select count(distinct license) from hf.models) as licences,
            (select count(distinct author) from hf.models) as authors
        """,
        layout="record",
        if_zero="The catalog is empty: hf.models has no row.",
    ),
    Section(
        "Duplicates and gaps",
        "Keys that stand in more than one row, and tasks whose ranks are not 1 to n.",
        ("check", "found", "for example"),
        """
        select * from (
            select
                'hf.models: model_id twice' as what,
                count(*) as found,
                min(model_id) as example
            from (select model_id from hf.models group by model_id having count(*) > 1) as twice
            union all
            select
                'hf.model_tasks: (model_id, task_id) twice',
                count(*),
                min(model_id)
            from (
                select model_id from hf.model_tasks
                group by model_id, task_id having count(*) > 1
            ) as twice
            union all
            select
                'hf.model_stats_daily: (model_id, observed_on) twice',
                count(*),
                min(model_id)
            from (
                select model_id from hf.model_stats_daily
                group by model_id, observed_on having count(*) > 1
            ) as twice
            union all
            select
                'hf.model_tasks: gaps in rank_in_task',
                count(*),
                min(task_id)
            from (
                select task_id from hf.model_tasks
                group by task_id
                having
                    min(rank_in_task) <> 1
                    or max(rank_in_task) <> count(*)
                    or count(distinct rank_in_task) <> count(*)
            ) as gaps
        ) as checks
        order by what collate "C"
        """,
        layout="checks",
    ),
    Section(
        "Freshness",
        "A model that fell out of every listing keeps the time at which it was last seen.",
        ("models the last run did not see", "first seen, earliest", "last synced, earliest",
         "last synced, latest", "a value last changed", "changed on the Hub, latest",
         "days observed", "first day", "last day"),
        """
        select
            (
                select count(*) from hf.models
                where last_synced_at < (select max(last_synced_at) from hf.models)
            ) as not_seen,
            (select min(created_at) from hf.models) as first_created_at,
            (select min(last_synced_at) from hf.models) as first_synced_at,
            (select max(last_synced_at) from hf.models) as last_synced_at,
            (select max(updated_at) from hf.models) as last_updated_at,
            (select max(last_modified) from hf.models) as last_modified,
            count(distinct observed_on) as days,
            min(observed_on) as first_day,
            max(observed_on) as last_day
        from hf.model_stats_daily
        """,
        layout="record",
    ),
    Section(
        "Tasks with most models",
        "Models in the task's listing, which ends at the run's limit per task.",
        ("task", "models", "downloads"),
        """
        select
            model_tasks.task_id,
            count(*) as models,
            sum(models.downloads) as downloads
        from hf.model_tasks
        inner join hf.models on model_tasks.model_id = models.model_id
        group by model_tasks.task_id
        order by models desc, model_tasks.task_id collate "C"
        limit 15
        """,
    ),
    Section(
        "Tasks with most downloads",
        "Downloads over 30 days of all models in the task's listing. A model that several tasks "
        "list counts in each.",
        ("task", "downloads", "models"),
        """
        select
            model_tasks.task_id,
            sum(models.downloads) as downloads,
            count(*) as models
        from hf.model_tasks
        inner join hf.models on model_tasks.model_id = models.model_id
        group by model_tasks.task_id
        order by downloads desc nulls last, model_tasks.task_id collate "C"
        limit 15
        """,
    ),
    Section(
        "Models per task",
        "Every task with the length of its listing.",
        ("task", "label", "models", "limit"),
        """
        select
            tasks.task_id,
            tasks.task_label,
            (
                select count(*) from hf.model_tasks
                where model_tasks.task_id = tasks.task_id
            ) as models,
            (
                select max(limit_per_task) from bronze.hf_task_listings
                where hf_task_listings.task_id = tasks.task_id
            ) as limit_per_task
        from hf.tasks
        order by models desc, tasks.task_id collate "C"
        """,
        layout="hf_models_per_task.png",
        draw=hf_plots.models_per_task,
    ),
    Section(
        "Tasks with no model",
        "Task pages of the Hub that were read and whose listing was empty.",
        ("task", "label"),
        """
        select
            task_id,
            task_label
        from hf.tasks
        where task_id not in (select task_id from hf.model_tasks)
        order by task_id collate "C"
        """,
    ),
    Section(
        "Most downloaded models",
        "Downloads over the 30 days before the model was last observed.",
        MODEL_COLUMNS,
        """
        select
            model_id,
            pipeline_tag,
            library_name,
            license,
            downloads,
            likes
        from hf.models
        order by downloads desc nulls last, model_id collate "C"
        limit 20
        """,
    ),
    Section(
        "Most liked models",
        "Likes since the model came to the Hub.",
        MODEL_COLUMNS,
        """
        select
            model_id,
            pipeline_tag,
            library_name,
            license,
            downloads,
            likes
        from hf.models
        order by likes desc nulls last, model_id collate "C"
        limit 10
        """,
    ),
    Section(
        "Downloads and likes",
        "Models of which the Hub said both.",
        ("model", "downloads", "likes"),
        """
        select
            model_id,
            downloads,
            likes
        from hf.models
        where downloads is not null and likes is not null
        order by downloads desc, model_id collate "C", likes
        """,
        layout="hf_downloads_and_likes.png",
        draw=hf_plots.downloads_and_likes,
    ),
    Section(
        "Licences",
        "The twenty most used, as the model cards name them; a dash stands for none.",
        ("licence", "models", "% of models"),
        """
        select
            license,
            count(*) as models,
            round(100.0 * count(*) / (select count(*) from hf.models), 1) as share
        from hf.models
        group by license
        order by models desc, license collate "C" nulls first
        limit 20
        """,
    ),
    Section(
        "What model cards leave out",
        "Models without a value.",
        ("column", "models without", "% of models"),
        """
        select
            'library_name' as what,
            count(*) - count(library_name) as missing,
            round(100.0 * (count(*) - count(library_name)) / nullif(count(*), 0), 1) as share
        from hf.models
        union all
        select
            'license',
            count(*) - count(license),
            round(100.0 * (count(*) - count(license)) / nullif(count(*), 0), 1)
        from hf.models
        union all
        select
            'pipeline_tag',
            count(*) - count(pipeline_tag),
            round(100.0 * (count(*) - count(pipeline_tag)) / nullif(count(*), 0), 1)
        from hf.models
        order by missing desc, what
        """,
    ),
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Write the report and print it; return the process's exit code."""
    args = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells about its fonts
    started = time.monotonic()
    path = args.out / FILE
    try:
        blocks = report(args.target, args.out)
        _write(path, markdown(blocks))
        _print(plain(blocks))
    except (warehouse.WarehouseError, duckdb.Error, psycopg2.Error, OSError) as error:
        if args.verbose:
            log.exception("where it stopped:")
        cure = "; the catalog is not built: run `make run`" if isinstance(error, NOT_BUILT) else ""
        sys.stderr.write(f"hf_report: {warehouse.first_line(error)}{cure}\n")
        return 1
    for alarm in _alarms(blocks):
        log.error("ATTENTION: %s", alarm)
    log.info("wrote %s in %.1f s", path, time.monotonic() - started)
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m publish.hf_report",
        description="Write the ingestion report of the Hugging Face catalog and print it.",
    )
    parser.add_argument(
        "--target", choices=warehouse.TARGETS,
        help="the warehouse (default: ASSAY_TARGET, or duckdb)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=warehouse.reports_dir(), metavar="DIR",
        help="where the report goes (default: ASSAY_REPORTS_DIR, or reports)",
    )  # fmt: skip
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
    sql = dedent(section.sql).strip()
    return sql, db.rows(sql)


def _block(section: Section, sql: str, rows: Rows, out: Path) -> Block:
    columns, picture, alarms = tuple(map(Ours, section.columns)), "", ()
    source = f"<details><summary>SQL</summary>\n\n```sql\n{sql}\n```\n\n</details>"
    if section.layout == "checks":
        alarms = tuple(f"{row[1]:,} found: {row[0]}" for row in rows if row[1])
        verdicts = [Ours(f"{row[1]:,}: {'BAD' if row[1] else 'good'}") for row in rows]
        rows = [(row[0], verdict, row[2]) for row, verdict in zip(rows, verdicts, strict=True)]
    elif section.layout == "record":
        alarms = (section.if_zero,) if section.if_zero and not rows[0][0] else ()
        rows = list(zip(columns, rows[0], strict=True))
        columns = (Ours("what"), Ours("value"))
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
        (Ours(heading), *(_manifest_value(found[run_id], part, key) for run_id in shown_ids))
        for heading, part, key in MANIFEST_VALUES
    ]
    return Block(
        "Run folders",
        f"What the manifests of the runs say. Runs: {len(run_ids):,}, with a manifest at hand: "
        f"{len(found):,}, shown: {len(shown_ids)}.",
        (Ours("run"), *shown_ids),
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


def markdown(blocks: Sequence[Block]) -> str:
    """Return the report as Markdown."""
    lines = ["# Hugging Face catalog: ingestion report", ""]
    lines += [f"> **ATTENTION: {alarm}**\n" for alarm in _alarms(blocks)]
    for block in blocks:
        lines += [f"## {block.title}", "", block.about, ""]
        if block.picture:
            lines += [f"![{block.title}]({block.picture})", ""]
        elif block.rows:
            lines += [*_markdown_table(block), ""]
        else:
            lines += ["Nothing.", ""]
        lines += [block.source, ""] if block.source else []
    return "\n".join(lines)


def _markdown_table(block: Block) -> Iterator[str]:
    rule = ["---:" if right else "---" for right in _right(block)]
    for row in (block.columns, rule, *block.rows):
        cells = row if row is rule else map(in_markdown, row)
        yield f"| {' | '.join(cells)} |"


def plain(blocks: Sequence[Block]) -> str:
    """Return the report as aligned text for a terminal, without the queries."""
    lines = ["Hugging Face catalog: ingestion report"]
    lines += [f"!!! ATTENTION: {alarm}" for alarm in _alarms(blocks)]
    for block in blocks:
        lines += ["", block.title, "-" * len(block.title), *wrap(block.about, 100)]
        if block.picture:
            lines.append(f"Picture: {block.picture}")
        elif block.rows:
            lines += ["", *_plain_table(block)]
        else:
            lines.append("Nothing.")
    return "\n".join([*lines, "", f"The query of each number is in {FILE}.", ""])


def _plain_table(block: Block) -> Iterator[str]:
    table = [[shown(value) for value in row] for row in (block.columns, *block.rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    right = _right(block)
    for row in table:
        cells = []
        for text, width, to_right in zip(row, widths, right, strict=True):
            air = " " * (width - _width(text))
            cells.append(air + text if to_right else text + air)
        yield f"  {'  '.join(cells)}".rstrip()


def _right(block: Block) -> list[bool]:
    """Say of each column whether it holds numbers and nothing else: those are set to the right."""
    return [
        all(isinstance(value, int | float | Decimal | None) for value in column)
        and any(value is not None for value in column)
        for column in zip(*block.rows, strict=True)
    ]


def _alarms(blocks: Sequence[Block]) -> list[str]:
    return [alarm for block in blocks for alarm in block.alarms]


def shown(value: Any) -> str:
    """Return a value as a reader wants it: one line, no control characters, not endless."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, float | Decimal):
        whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
        return f"{value:,.0f}" if whole else f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = "".join(map(_visible, str(value)))
    if len(text) > MOST_CHARACTERS:
        text = f"{text[: MOST_CHARACTERS - 21]}…{text[-20:]}"
    return text if text.strip() else "(blank)"


def _visible(character: str) -> str:
    """Write out what has no width, breaks a line or turns the direction of reading."""
    if unicodedata.category(character) in ACTING and character != " ":
        return f"\\u{ord(character):04x}"
    return character


def in_markdown(value: Any) -> str:
    """Return a value as a cell of a table; text from outside is code, and nothing in it can act."""
    text = shown(value)
    if not isinstance(value, str) or isinstance(value, Ours):
        return text
    if not re.search(r"[|<>&`\\]", text):
        return f"`{text}`"
    # An entity stands for its character and never for markup, not even for a table's bar.
    escaped = re.sub(r"[^\w ./…-]|_", lambda match: f"&#{ord(match[0])};", text)
    return f"<code>{escaped}</code>"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(character)
        else 2 if unicodedata.east_asian_width(character) in "WF"
        else 1
        for character in text
    )  # fmt: skip


def _write(path: Path, text: str) -> None:
    """Put a file there whole: readers see the old one or the new one."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _print(text: str) -> None:
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
