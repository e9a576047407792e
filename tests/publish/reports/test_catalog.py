"""The ingestion report: its numbers, on paper and on the terminal."""

import json
import re
from pathlib import Path

import pytest

from assay.publish.reports import questions
from tests.publish.reports.catalog_support import (
    AT,
    LATER,
    MODELS,
    RUN,
    TASKS,
    Catalog,
    catalog,
    data_folder,
    part,
    table,
    write,
)

__all__ = ["catalog", "data_folder"]  # fixtures


def test_numbers_are_those_of_the_rows_that_were_put_in(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    downloads = {row[0]: row[3] for row in MODELS}
    counts = dict(table(report, "Counts")[1:])
    assert counts == {
        "models": "5",
        "models listed now": "5",
        "models fallen out": "0",
        "models gone": "0",
        "private models": "0",
        "tasks": "3",
        "tasks with no model": "1",
        "models in tasks": str(sum(map(len, TASKS.values()))),
        "daily observations": "5",
        "daily ranks": "0",
        "former names": "0",
        "rows listed": "4",
        "different licences": str(len({row[1] for row in MODELS if row[1]})),
        "authors": "4",
    }
    assert table(report, "Tasks with most downloads")[1:] == [
        [task, f"{sum(downloads[model] for model in models):,}", str(len(models))]
        for task, models in TASKS.items()
    ]
    assert table(report, "Listings beside tasks")[1:] == [["filter", "gguf", "2", "930"]]
    assert table(report, "Tasks with no model")[1:] == [["empty-task", "Empty Task"]]
    assert table(report, "Movers of a week")[1:] == [
        ["b/second", "text-generation", "300", "900", "1", "2026-11-13", "2026-10-21"],
        ["a/liked", "summarization", "20", "30", "0", "2026-11-13", "2026-10-21"],
    ]
    assert table(report, "Licences")[1:] == [
        ["mit", "3", "60.0"],
        ["-", "1", "20.0"],
        ["apache-2.0", "1", "20.0"],
    ]
    assert table(report, "What model cards leave out")[1:] == [
        ["library_name", "3", "60.0"],
        ["license", "1", "20.0"],
        ["pipeline_tag", "1", "20.0"],
    ]
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
        ["models that carry it", "2"],
        ["of them without a paper of their own", "1"],
    ]
    assert table(report, "Most used base models")[1:] == [
        ["a/liked", "2", "1"],
        ["b/second", "1", "1"],
    ]


@pytest.mark.slow("entities without a row and a reason")
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


@pytest.mark.slow("the report as a terminal shows it")
def test_the_terminal_shows_the_same_cells_aligned(
    catalog: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    printed = capsys.readouterr().out
    for section in questions.SECTIONS:
        for row in [] if section.draw else table(report, section.title):
            line = r" +".join(map(re.escape, row))
            assert re.search(rf"^ +{line}$", printed, flags=re.MULTILINE), row
    assert "| " not in printed
    lines = printed.split("Most downloaded models")[1].splitlines()[5:10]
    assert [line[: len("  b/second  text")] for line in lines[:2]] == [
        "  B/first   text",
        "  b/second  text",
    ]
    assert len({len(line) for line in lines}) == 1  # numbers end in one column


@pytest.mark.slow("what the report takes from the manifest")
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


def test_the_report_tells_the_present_from_what_was_and_what_is_kept_apart(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.fill()
    gone = ("x/gone", "x", "mit", 9_999, 9_999, None, None, AT, AT, AT, AT, "[]", False, True)
    catalog.add("hf.models", *gone, "gone")
    catalog.add("hf.tasks", "old-task", "Old Task", AT, False)
    apart = "0 downloads of all 5 models of the run"
    numbers = (5, 3, 1, 1, 0, 0, 0, True, LATER, apart)
    catalog.add("bronze.hf_task_listings", "summarization", "run-2", *numbers)
    report = write(tmp_path / "out")
    counts = dict(table(report, "Counts")[1:])
    assert (counts["models"], counts["models listed now"]) == ("6", "5")
    assert (counts["models fallen out"], counts["models gone"]) == ("0", "1")
    assert (counts["private models"], counts["tasks"]) == ("1", "3")
    assert "x/gone" not in part(report, "Most downloaded models")
    assert "old-task" not in part(report, "Tasks with no model")
    assert "run-2" not in part(report, "Runs")
    [[_, found, example]] = table(report, "Listings kept apart")[1:]
    assert (found, example) == ("1: BAD", f"summarization: {apart}")
