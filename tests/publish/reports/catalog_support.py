"""Small catalogs that the ingestion report is tested on, and its tables as a reader sees them."""

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from assay.publish import hf_report

RUN = "2026-11-20_10-00-00_0a1b2c3d"
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TABLES = """
create schema bronze;
create schema hf;
create table bronze.hf_task_listings (
    task_id varchar, run_id varchar, models bigint, limit_per_task bigint, pages bigint,
    readings bigint, repeats bigint, late bigint, skipped bigint, settled boolean,
    observed_at timestamptz, apart varchar
);
create table bronze.hf_models (task_id varchar, model_id varchar);
create table hf.models (
    model_id varchar, author varchar, license varchar, likes bigint, downloads bigint,
    pipeline_tag varchar, library_name varchar, last_modified timestamptz,
    created_at timestamptz, updated_at timestamptz, last_synced_at timestamptz, tags varchar,
    is_current boolean, is_private boolean, presence varchar
);
create table hf.tasks (
    task_id varchar, task_label varchar, created_at timestamptz, is_current boolean
);
create table hf.model_tasks (
    model_id varchar, task_id varchar, rank_in_task bigint, created_at timestamptz
);
create table hf.model_listings (
    model_id varchar, listing_id varchar, listing_kind varchar, listing_name varchar
);
create table hf.model_stats_daily (
    model_id varchar, observed_on date, likes bigint, downloads bigint
);
create table hf.model_rank_daily (model_id varchar, task_id varchar, observed_on date);
create table hf.model_movers (
    model_id varchar, task_id varchar, span_days integer, listing varchar, downloads_before bigint,
    downloads bigint, downloads_gained bigint, places_gained bigint, growth double precision,
    compared_with date, history_since date
);
create table hf.model_renames (old_id varchar, model_id varchar);
create table hf.articles (arxiv_id varchar, enriched boolean, reason varchar);
create table hf.base_models (base_model_id varchar, enriched boolean, reason varchar);
create table hf.datasets (dataset_id varchar, enriched boolean, reason varchar);
create table hf.keywords (keyword_id varchar, enriched boolean, reason varchar);
create table hf.licenses (license_id varchar, enriched boolean, reason varchar);
create table hf.model_articles (model_id varchar, arxiv_id varchar);
create table hf.model_base_models (model_id varchar, base_model_id varchar, relation varchar);
create table hf.model_datasets (model_id varchar, dataset_id varchar);
create table hf.model_keywords (model_id varchar, keyword_id varchar);
create table hf.model_licenses (model_id varchar, license_id varchar);
create table hf.model_lineage (model_id varchar, ancestor_id varchar, depth bigint);
"""
# model id, licence, likes, downloads, pipeline_tag, library_name
MODELS = [
    ("b/second", "mit", 5, 900, "text-generation", "transformers"),
    ("B/first", "apache-2.0", 7, 900, "text-generation", None),
    ("a/liked", None, 70, 30, "summarization", "transformers"),
    ("_old", "mit", 0, 0, None, None),
    ("c/silent", "mit", None, None, "summarization", None),
]
TASKS = {"text-generation": ["B/first", "b/second", "a/liked"], "summarization": ["a/liked"]}
HOSTILE = [
    "x/a|b",
    "x/`c`",
    "x/<img src=x onerror=alert(1)>",
    "x/[link](http://e.example)",
    "x/\\|d\\",
    "x/new\nline\r\n\ttab",
    "x/\x1b[31mred\x07",
    "x/abc\u202egnp.exe\u200f",
    "x/&lt;b&gt;**bold**_it_",
    "x/$\\undefined{$",
    "x/模型 😀 עברית",
    "x/" + "y" * 5000,
    "   ",
]


# table, then its entities: id, whether it is enriched, why not
ENTITIES = {
    "articles": [
        ("1706.03762", True, None),
        ("1910.09700", False, "template_leftover"),
        ("_odd", False, "malformed_id"),
        ("Odd", False, "malformed_id"),
    ],
    "datasets": [("squad", True, None)],
    "licenses": [("mit", True, None), ("<b>|x", False, "not_in_vocabulary")],
}

# model, task, listing, downloads before, downloads, gained, places, growth; over a week
MOVERS = [
    ("a/liked", "summarization", "stayed", 20, 30, 10, 0, 0.2),
    ("b/second", "text-generation", "stayed", 300, 900, 600, 1, 0.7),
    ("B/first", "text-generation", "stayed", 950, 900, -50, -1, -0.1),
    ("c/silent", "summarization", "new", None, 5, None, None, None),
]
LINEAGE = [("b/second", "a/liked", 1), ("B/first", "b/second", 1), ("B/first", "a/liked", 2)]


class Catalog:
    """A catalog being filled, on either database, through one kind of placeholder."""

    def __init__(self, execute: Callable[[str, tuple[Any, ...]], Any]) -> None:
        self._execute = execute
        for statement in TABLES.split(";")[:-1]:
            execute(statement, ())

    def add(self, table: str, *values: Any) -> None:
        self._execute(f"insert into {table} values ({', '.join(['%s'] * len(values))})", values)

    def fill(self) -> None:
        for task in (*TASKS, "empty-task"):
            self.task(task, TASKS.get(task, []))
        for row in MODELS:
            self.model(*row)
        for table_name, entities in ENTITIES.items():
            for entity in entities:
                self.add(f"hf.{table_name}", *entity)
        self.add("hf.model_articles", "b/second", "1706.03762")
        for model in ("b/second", "a/liked"):
            self.add("hf.model_datasets", model, "squad")
        for model in ("a/liked", "b/second"):
            self.add("hf.model_listings", model, "filter:gguf", "filter", "gguf")
        for row in LINEAGE:
            self.add("hf.model_lineage", *row)
        for model, task, listing, before, now, gained, places, growth in MOVERS:
            counts = (before, now, gained, places, growth)
            days = (AT.date() - timedelta(days=7), AT.date() - timedelta(days=30))
            self.add("hf.model_movers", model, task, 7, listing, *counts, *days)

    def task(self, task: str, models: list[str]) -> None:
        limit = 3
        listing = (task, RUN, len(models), limit, 1, 1, 2, 0, 1, True, AT, None)
        self.add("bronze.hf_task_listings", *listing)
        self.add("hf.tasks", task, task.replace("-", " ").title(), AT, True)
        for rank, model in enumerate(models, start=1):
            self.add("bronze.hf_models", task, model)
            self.add("hf.model_tasks", model, task, rank, AT)

    def model(self, model: str, *facts: Any) -> None:
        licence, likes, downloads, pipeline_tag, library = facts
        synced = AT if model == "_old" else LATER
        author = model.partition("/")[0] if "/" in model else None
        self.add(
            "hf.models",
            model,
            author,
            licence,
            likes,
            downloads,
            pipeline_tag,
            library,
            AT,
            AT,
            AT,
            synced,
            '["arxiv:1910.09700"]' if library else "[]",
            True,
            False,
            "listed",
        )
        self.add("hf.model_stats_daily", model, synced.date(), likes, downloads)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the warehouse and the data folder into the test's own folder."""
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "assay.duckdb"))
    monkeypatch.delenv("ASSAY_TARGET", raising=False)
    return tmp_path / "data"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Return an empty catalog in DuckDB."""

    def execute(sql: str, values: tuple[Any, ...]) -> None:
        with duckdb.connect(str(tmp_path / "assay.duckdb")) as connection:
            connection.execute(sql.replace("%s", "?"), values)

    return Catalog(execute)


@pytest.fixture
def postgres_catalog(postgres_host: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    """Return an empty catalog in a Postgres database of its own."""
    admin = psycopg2.connect(host=postgres_host, user="postgres", dbname="postgres")
    admin.autocommit = True
    admin.cursor().execute("drop database if exists report")
    admin.cursor().execute("create database report")
    for name, value in (("HOST", postgres_host), ("USER", "postgres"), ("DB", "report")):
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    connection = psycopg2.connect(host=postgres_host, user="postgres", dbname="report")
    connection.autocommit = True
    yield Catalog(lambda sql, values: connection.cursor().execute(sql, values or None))
    connection.close()
    admin.cursor().execute("drop database report")
    admin.close()


def write(out: Path, *options: str) -> str:
    """Write the report and return its Markdown."""
    assert hf_report.main(["--out", str(out), *options]) == 0
    return (out / hf_report.FILE).read_text(encoding="utf-8")


def part(report: str, title: str) -> str:
    """Return one section of the Markdown."""
    return report.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def table(report: str, title: str) -> list[list[str]]:
    """Return the cells of a section's table as a reader sees them, headings first."""
    lines = [line for line in part(report, title).splitlines() if line.startswith("|")]
    del lines[1]
    return [[as_read(cell.strip()) for cell in line.split("|")[1:-1]] for line in lines]


def as_read(cell: str) -> str:
    if cell.startswith("<code>"):
        return html.unescape(cell.removeprefix("<code>").removesuffix("</code>"))
    return cell[1:-1] if cell.startswith("`") else cell


def queries(report: str) -> list[str]:
    return re.findall(r"```sql\n(.*?)\n```", report, flags=re.DOTALL)
