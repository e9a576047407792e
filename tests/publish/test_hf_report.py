"""The ingestion report against small catalogs that are made here."""

import html
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from assay import warehouse
from publish import hf_questions, hf_report, tables

RUN = "2026-11-20_10-00-00_0a1b2c3d"
AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TABLES = """
create schema bronze;
create schema hf;
create table bronze.hf_task_listings (
    task_id varchar, run_id varchar, models bigint, limit_per_task bigint, pages bigint,
    readings bigint, repeats bigint, late bigint, skipped bigint, settled boolean,
    observed_at timestamptz
);
create table bronze.hf_models (task_id varchar, model_id varchar);
create table hf.models (
    model_id varchar, author varchar, license varchar, likes bigint, downloads bigint,
    pipeline_tag varchar, library_name varchar, last_modified timestamptz,
    created_at timestamptz, updated_at timestamptz, last_synced_at timestamptz, tags varchar
);
create table hf.tasks (task_id varchar, task_label varchar, created_at timestamptz);
create table hf.model_tasks (
    model_id varchar, task_id varchar, rank_in_task bigint, created_at timestamptz
);
create table hf.model_stats_daily (
    model_id varchar, observed_on date, likes bigint, downloads bigint
);
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
    "articles": [("1706.03762", True, None), ("1910.09700", False, "template_leftover"),
                 ("_odd", False, "malformed_id"), ("Odd", False, "malformed_id")],
    "datasets": [("squad", True, None)],
    "licenses": [("mit", True, None), ("<b>|x", False, "not_in_vocabulary")],
}  # fmt: skip

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
        for row in (
            ("b/second", "a/liked", 1),
            ("B/first", "b/second", 1),
            ("B/first", "a/liked", 2),
        ):
            self.add("hf.model_lineage", *row)

    def task(self, task: str, models: list[str]) -> None:
        limit = 3
        self.add(
            "bronze.hf_task_listings", task, RUN, len(models), limit, 1, 1, 2, 0, 1, True, AT
        )  # fmt: skip
        self.add("hf.tasks", task, task.replace("-", " ").title(), AT)
        for rank, model in enumerate(models, start=1):
            self.add("bronze.hf_models", task, model)
            self.add("hf.model_tasks", model, task, rank, AT)

    def model(self, model: str, *facts: Any) -> None:
        licence, likes, downloads, pipeline_tag, library = facts
        synced = AT if model == "_old" else LATER
        author = model.partition("/")[0] if "/" in model else None
        self.add(
            "hf.models", model, author, licence, likes, downloads, pipeline_tag, library,
            AT, AT, AT, synced, '["arxiv:1910.09700"]' if library else "[]",
        )  # fmt: skip
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


def test_numbers_are_those_of_the_rows_that_were_put_in(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    downloads = {row[0]: row[3] for row in MODELS}
    counts = dict(table(report, "Counts")[1:])
    assert counts == {
        "models": "5",
        "tasks": "3",
        "tasks with no model": "1",
        "models in tasks": str(sum(map(len, TASKS.values()))),
        "daily observations": "5",
        "rows listed": "4",
        "different licences": str(len({row[1] for row in MODELS if row[1]})),
        "authors": "4",
    }
    assert table(report, "Tasks with most downloads")[1:] == [
        [task, f"{sum(downloads[model] for model in models):,}", str(len(models))]
        for task, models in TASKS.items()
    ]
    assert table(report, "Tasks with no model")[1:] == [["empty-task", "Empty Task"]]
    assert table(report, "Licences")[1:] == [
        ["mit", "3", "60.0"], ["-", "1", "20.0"], ["apache-2.0", "1", "20.0"],
    ]  # fmt: skip
    assert table(report, "What model cards leave out")[1:] == [
        ["library_name", "3", "60.0"], ["license", "1", "20.0"], ["pipeline_tag", "1", "20.0"],
    ]  # fmt: skip
    freshness = dict(table(report, "Freshness")[1:])
    assert freshness["models the last run did not see"] == "1"
    assert freshness["last synced, earliest"] == "2026-11-20 10:00:00 UTC"
    assert freshness["last synced, latest"] == "2026-11-21 10:00:00 UTC"
    assert freshness["days observed"] == "2"


def test_top_models_are_in_order_ties_by_id_and_unknown_numbers_last(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    downloaded = [row[0] for row in table(report, "Most downloaded models")[1:]]
    assert downloaded == ["B/first", "b/second", "a/liked", "_old", "c/silent"]
    liked = table(report, "Most liked models")[1:]
    assert [row[0] for row in liked] == ["a/liked", "B/first", "b/second", "_old", "c/silent"]
    assert liked[0] == ["a/liked", "summarization", "transformers", "-", "30", "70"]


def test_every_id_is_enriched_or_has_a_reason_and_each_share_is_shown(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    assert table(report, "Entities")[1:] == [
        ["base models", "0", "0", "0", "-"],
        ["data sets", "1", "1", "0", "100.0"],
        ["keywords", "0", "0", "0", "-"],
        ["licences", "2", "1", "1", "100.0"],
        ["papers", "4", "1", "3", "100.0"],
    ]
    assert table(report, "Entities enriched, and why not")[1:] == [
        ["data sets", "enriched", "1", "100.0", "squad"],
        ["licences", "enriched", "1", "50.0", "mit"],
        ["licences", "not_in_vocabulary", "1", "50.0", "<b>|x"],
        ["papers", "malformed_id", "2", "50.0", "Odd"],
        ["papers", "enriched", "1", "25.0", "1706.03762"],
        ["papers", "template_leftover", "1", "25.0", "1910.09700"],
    ]
    assert table(report, "What models point at")[1:] == [
        ["base models", "0", "0", "0.0", "0"],
        ["data sets", "2", "2", "40.0", "1"],
        ["keywords", "0", "0", "0.0", "0"],
        ["licences", "0", "0", "0.0", "0"],
        ["papers", "1", "1", "20.0", "1"],
    ]
    assert table(report, "The paper of the card template")[1:] == [
        ["models that carry it", "2"], ["of them without a paper of their own", "1"],
    ]  # fmt: skip
    assert table(report, "Most used base models")[1:] == [
        ["a/liked", "2", "1"], ["b/second", "1", "1"],
    ]  # fmt: skip


@pytest.mark.parametrize(("enriched", "reason"), [(False, None), (True, "not_found")])
def test_an_unexplained_entity_is_loud(
    catalog: Catalog, tmp_path: Path, enriched: bool, reason: str | None
) -> None:
    catalog.fill()
    catalog.add("hf.keywords", "peft", enriched, reason)
    what = "keywords: neither enriched nor with a reason, or both"
    report = write(tmp_path / "out")
    assert f"> **ATTENTION: 1 found: {what}**" in report
    assert [what, "1: BAD", "peft"] in table(report, "Entities unexplained")


def test_each_query_shown_gives_the_table_above_it_when_run_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    compared = 0
    with duckdb.connect(str(tmp_path / "assay.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for section in hf_questions.SECTIONS:
            (sql,) = queries(part(report, section.title))
            rows = [[tables.shown(v) for v in row] for row in connection.execute(sql).fetchall()]
            if section.draw:
                continue
            cells = table(report, section.title)[1:]
            if section.layout == "record":
                assert [value for _, value in cells] == rows[0]
            elif section.layout == "checks":
                assert [[w, f.split(":")[0], e] for w, f, e in cells] == rows
            else:
                assert cells == rows
            compared += 1
    assert compared == len(hf_questions.SECTIONS) - 2


def test_the_queries_shown_are_the_queries_run_and_all_of_them(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.fill()
    run: list[str] = []
    rows = warehouse.Warehouse.rows
    monkeypatch.setattr(
        warehouse.Warehouse, "rows", lambda self, sql, *rest: (run.append(sql), rows(self, sql))[1]
    )
    assert queries(write(tmp_path / "out")) == run
    assert len(run) == len(hf_questions.SECTIONS)


def test_postgres_and_duckdb_give_the_same_report(
    catalog: Catalog, postgres_catalog: Catalog, tmp_path: Path
) -> None:
    for each in (catalog, postgres_catalog):
        each.fill()
        for number, model in enumerate(HOSTILE[:-1]):
            each.model(model, model[:40], number, 1000 + number, "x", "y")
    duck = write(tmp_path / "duckdb", "--target", "duckdb")
    assert write(tmp_path / "postgres", "--target", "postgres") == duck
    for picture in ("hf_models_per_task.png", "hf_downloads_and_likes.png"):
        drawn = {(tmp_path / name / picture).read_bytes() for name in ("duckdb", "postgres")}
        assert len(drawn) == 1


def test_the_same_warehouse_gives_the_same_bytes(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    for folder in ("one", "two"):
        write(tmp_path / folder)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    )
    assert one == two
    assert sorted(one) == [
        "hf_downloads_and_likes.png", "hf_ingestion_report.md", "hf_models_per_task.png",
    ]  # fmt: skip


def test_hostile_ids_stay_text_in_one_cell(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, model in enumerate(HOSTILE):
        catalog.model(model, model, 1, 1000 - number, model, model)
    catalog.task(HOSTILE[0], HOSTILE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that the font lacks would warn
        report = write(tmp_path / "out")
    rows = table(report, "Most downloaded models")
    assert {len(row) for row in rows} == {len(hf_questions.MODEL_COLUMNS)}
    assert [row[0] for row in rows[1:]] == [tables.shown(model) for model in HOSTILE]
    printed = capsys.readouterr().out
    for raw in ("\x1b", "\x07", "\u202e", "\u200f", "\r"):
        assert raw not in report + printed
    for raw in ("<img", "&lt;b", "`c`", "a|b"):
        assert raw not in report
    assert "x/abc\\u202egnp.exe\\u200f" in [row[0] for row in rows]
    assert max(map(len, rows[12])) == tables.MOST_CHARACTERS
    assert rows[13][0] == "(blank)"


def test_labels_of_tasks_are_never_read_as_mathtext(catalog: Catalog, tmp_path: Path) -> None:
    catalog.task("$\\undefined{$", [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write(tmp_path / "out")
    assert (tmp_path / "out" / "hf_models_per_task.png").read_bytes().startswith(b"\x89PNG")


def test_an_empty_catalog_is_reported_as_empty(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    stale = tmp_path / "out" / "hf_downloads_and_likes.png"
    stale.write_bytes(b"of an earlier report")
    report = write(tmp_path / "out")
    said = "The catalog is empty: hf.models has no row."
    assert f"> **ATTENTION: {said}**" in report
    assert said in capsys.readouterr().out
    assert dict(table(report, "Counts")[1:])["models"] == "0"
    assert {row[1] for row in table(report, "Duplicates and gaps")[1:]} == {"0: good"}
    assert "png" not in report
    assert not stale.exists()


def test_duplicates_and_gaps_are_loud_everywhere(
    catalog: Catalog,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    catalog.fill()
    catalog.model("b/second", "mit", 5, 900, None, None)  # also a second observation of the day
    catalog.add("hf.model_tasks", "a/liked", "summarization", 3, AT)  # twice, and rank 2 missing
    report = write(tmp_path / "out")
    assert table(report, "Duplicates and gaps")[1:] == [
        ["hf.model_stats_daily: (model_id, observed_on) twice", "1: BAD", "b/second"],
        ["hf.model_tasks: (model_id, task_id) twice", "1: BAD", "a/liked"],
        ["hf.model_tasks: gaps in rank_in_task", "1: BAD", "summarization"],
        ["hf.models: model_id twice", "1: BAD", "b/second"],
    ]
    printed = capsys.readouterr().out
    for what in ("hf.models: model_id twice", "hf.model_tasks: gaps in rank_in_task"):
        assert f"> **ATTENTION: 1 found: {what}**" in report
        assert f"!!! ATTENTION: 1 found: {what}" in printed
        assert f"ATTENTION: 1 found: {what}" in caplog.text


def test_the_terminal_shows_the_same_cells_aligned(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    printed = capsys.readouterr().out
    for section in hf_questions.SECTIONS:
        for row in [] if section.draw else table(report, section.title):
            line = r" +".join(map(re.escape, row))
            assert re.search(rf"^ +{line}$", printed, flags=re.MULTILINE), row
    assert "| " not in printed
    lines = printed.split("Most downloaded models")[1].splitlines()[5:10]
    assert [line[: len("  b/second  text")] for line in lines[:2]] == [
        "  B/first   text", "  b/second  text",
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1  # numbers end in one column


def test_the_manifest_adds_what_the_warehouse_does_not_know(
    catalog: Catalog, tmp_path: Path, data_folder: Path
) -> None:
    catalog.fill()
    folder = data_folder / "raw" / "hf" / RUN
    folder.mkdir(parents=True)
    manifest = {
        "arguments": {"endpoint": "https://me:secret@hub.example", "tasks": ["a", "b"]},
        "counts": {"requests": 48, "retries": 3, "records_skipped": 1, "seconds": 12.34},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    report = write(tmp_path / "out")
    values = dict(table(report, "Run folders"))
    assert values["run"] == RUN
    assert values["endpoint"] == "https://hub.example"
    assert "secret" not in report
    assert (values["requests"], values["retries"], values["seconds"]) == ("48", "3", "12.3")
    assert (values["records skipped"], values["these tasks only"]) == ("1", "a, b")
    assert values["limit per task"] == "-"


@pytest.mark.parametrize("text", ["not json", "[]", "{}", '{"counts": 1, "arguments": null}'])
def test_a_manifest_that_says_nothing_useful_does_no_harm(
    catalog: Catalog, tmp_path: Path, data_folder: Path, text: str
) -> None:
    catalog.fill()
    folder = data_folder / "raw" / "hf" / RUN
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    assert "secret" not in part(write(tmp_path / "out"), "Run folders")


def test_a_run_id_cannot_lead_out_of_the_run_folders(
    catalog: Catalog, tmp_path: Path, data_folder: Path
) -> None:
    (data_folder / "raw" / "hf").mkdir(parents=True)
    manifest = {"counts": {"requests": 1234}}
    (data_folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    catalog.add(
        "bronze.hf_task_listings", "t", "../..", 0, 1, 1, 1, 0, 0, 0, True, AT
    )  # fmt: skip
    assert "1,234" not in write(tmp_path / "out")


def test_no_warehouse_ends_with_one_line_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "publish.hf_report", "--out", str(tmp_path / "out")]
    result = subprocess.run(
        command, cwd=warehouse.ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("hf_report: no warehouse at ")
    assert not (tmp_path / "out").exists()


def test_a_warehouse_without_the_catalog_ends_with_one_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    duckdb.connect(str(tmp_path / "assay.duckdb")).close()
    assert hf_report.main(["--out", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "hf_task_listings" in printed.err
    assert printed.err.endswith("the catalog is not built: run `make run`\n")
    assert not (tmp_path / "out").exists()


def test_a_reader_who_goes_away_early_is_no_error(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "publish.hf_report", "--out", str(tmp_path / "out")]
    result = subprocess.run(
        command, cwd=warehouse.ROOT, stdout=written, stderr=subprocess.PIPE, check=False
    )
    os.close(written)
    assert result.returncode == 0
    assert result.stderr.count(b"\n") == 1  # that the report is written
    assert (tmp_path / "out" / hf_report.FILE).exists()
