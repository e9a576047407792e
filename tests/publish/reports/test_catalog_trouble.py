"""The ingestion report of catalogs that are hostile, empty, wrong or not there."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import duckdb
import pytest

from assay import warehouse
from assay.publish import hf_report
from assay.publish.reports import questions, tables
from tests.publish.reports.catalog_support import (
    AT,
    HOSTILE,
    RUN,
    Catalog,
    catalog,
    data_folder,
    part,
    table,
    write,
)

__all__ = ["catalog", "data_folder"]  # fixtures


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
    assert {len(row) for row in rows} == {len(questions.MODEL_COLUMNS)}
    assert [row[0] for row in rows[1:]] == [tables.shown(model) for model in HOSTILE]
    printed = capsys.readouterr().out
    for raw in ("\x1b", "\x07", "\u202e", "\u200f", "\r"):
        assert raw not in report + printed
    for raw in ("<img", "&lt;b", "`c`", "a|b"):
        assert raw not in report
    assert "x/abc\\u202egnp.exe\\u200f" in [row[0] for row in rows]
    assert max(map(len, rows[12])) == tables.MAX_CHARACTERS
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


@pytest.mark.slow("duplicates and gaps in every section")
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


@pytest.mark.slow("manifests of every odd kind")
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
    catalog.add("bronze.hf_task_listings", "t", "../..", 0, 1, 1, 1, 0, 0, 0, True, AT, None)
    assert "1,234" not in write(tmp_path / "out")


def test_no_warehouse_ends_with_one_line_and_exit_code_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "assay.publish.hf_report", "--out", str(tmp_path / "out")]
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


@pytest.mark.slow("who stops reading the report")
def test_a_reader_who_goes_away_early_is_no_error(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    read, written = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "assay.publish.hf_report", "--out", str(tmp_path / "out")]
    result = subprocess.run(
        command, cwd=warehouse.ROOT, stdout=written, stderr=subprocess.PIPE, check=False
    )
    os.close(written)
    assert result.returncode == 0
    assert result.stderr.count(b"\n") == 1  # that the report is written
    assert (tmp_path / "out" / hf_report.FILE).exists()
