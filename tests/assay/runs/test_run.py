"""`make run`'s program: end to end on the sample, twice, and one data folder per origin."""

import json
import os
import re
import sys
from pathlib import Path

import duckdb
import pytest

from assay import warehouse
from assay.common.lock import exclusive
from assay.runs import run
from assay.warehouse import profile
from tests.docs import described, pages
from tests.sample_run import ASTRAY, only_run, the_run
from tests.support import ROOT, Project


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the project after `make run`."""
    return the_run(tmp_path_factory)


def test_it_ends_with_a_table_of_what_was_built_and_how_to_look_at_it(done: Project) -> None:
    assert_as_described(done, (done.folder / "output.txt").read_text(encoding="utf-8"))


@pytest.mark.ci("all unit tests of dbt; builds of one area run those of their models")
def test_models_pass_their_unit_tests_which_a_run_leaves_out(done: Project, tmp_path: Path) -> None:
    """A unit test has rows of its own, and asks the warehouse for nothing but columns."""
    results = json.loads((done.folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    ran = {one["unique_id"].split(".")[0] for one in results["results"]}
    assert {"model", "test"} <= ran and "unit_test" not in ran
    printed = done.copy(tmp_path).run("dbt", "test", "--select", "test_type:unit")
    [passed] = re.findall(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0 ", printed)
    manifest = json.loads((done.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    assert int(passed) >= len(manifest["unit_tests"]) > 30


@pytest.mark.slow(
    "make run as a person starts it, every process whole; a second one changes nothing"
)
def test_a_run_of_whole_processes_ends_alike_and_a_second_one_changes_nothing(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = {"DBT_TARGET_PATH": str(project.folder / "target")}
    with only_run(tmp_path_factory):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ASSAY_TEST_FORKS", "0")
            output = project.run(sys.executable, "-m", "assay.runs.run", **ASTRAY, **target)
        assert_as_described(project, output)
        content = project.content()
        project.run(sys.executable, "-m", "assay.runs.run", **target)
    assert project.content() == content


def assert_as_described(project: Project, output: str) -> None:
    """Hold what the run printed and built against the warehouse, and against what dbt describes."""
    for table in ("hf.models", "hf.tasks", "hf.model_tasks", "hf.model_stats_daily", "gold.issues"):
        [(rows,)] = project.rows(f"select count(*) from {table}")
        assert [table, f"{rows:,}"] in [line.split()[:2] for line in output.splitlines()]
    lines = {tuple(line.split()) for line in output.splitlines()}
    assert pages.counts() <= {line[:2] for line in lines}
    assert pages.plans() <= lines
    for query in pages.queries():
        project.rows(query)
    report = (project.folder / "reports" / "hf_ingestion_report.md").read_text(encoding="utf-8")
    assert "ATTENTION" not in report
    page = project.folder / "reports" / "catalog"
    shown = json.loads((page / "catalog-data" / "manifest.json").read_text(encoding="utf-8"))
    assert [(shown["models"],)] == project.rows("select count(*) from hf.current_models")
    assert (page / "catalog.html").is_file()
    assert_joined_by_one_run(project)
    manifest = json.loads((project.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    with duckdb.connect(project.folder / "data" / "assay.duckdb", read_only=True) as connection:
        assert described.differences(manifest, described.built(connection, manifest)) == []


def assert_joined_by_one_run(project: Project) -> None:
    """Hold what the run wrote of itself against what dlt, dbt and the sync wrote."""
    steps = project.rows("select kind, name, status from gold.pipeline_runs order by started_at")
    assert steps == [
        ("dlt", "hf_catalog", "done"),
        ("dlt", "hf_enrichment", "done"),
        ("dlt", "issues", "done"),
        ("dlt", "inputs", "done"),
        ("dbt", "build", "done"),
        ("publish", "pocketbase", "done"),
    ]
    assert project.rows("select count(distinct run_id) from gold.pipeline_runs") == [(1,)]
    published = "select step_id from gold.pipeline_runs where kind = 'publish'"
    assert project.rows(published) == project.rows("select run_id from gold.sync_runs")
    loaded = "select unnest(load_ids) from gold.pipeline_runs"
    assert project.rows(
        f"select count(*) from bronze._dlt_loads where load_id not in ({loaded})"
    ) == [(0,)]


@pytest.mark.parametrize(
    "options",
    [["--recorded", "no/such"], ["--sources", "moon"], ["--sources", "live", "--recorded", "."]],
)
def test_wrong_usage_ends_with_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(options)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("given", "days"),
    [
        ("", ("2026-11-09", "2026-11-15")),
        ("--start 2026-11-12", ("2026-11-12", "2026-11-15")),
        ("--start 2026-11-12 --end 2026-11-13", ("2026-11-12", "2026-11-13")),
        ("--sources live --start 2026-11-12 --end 2026-11-20", ("2026-11-12", "2026-11-20")),
        ("--sources live --end 2026-11-20", ("2026-11-19", "2026-11-20")),
    ],
)
def test_a_range_of_days_is_collected_and_built(given: str, days: tuple[str, str]) -> None:
    args = run._arguments(given.split())
    found = run._days(run._folder_to_replay(args), args)
    assert tuple(map(str, found)) == days
    assert json.loads(run._days_to_cluster(found)[1]) == {
        "cluster_start": days[0],
        "cluster_date": days[1],
        "approve_llm": False,
        "llm_max_usd": 0,
    }


@pytest.mark.parametrize("given", ["--start 2026-12-01", "--end 2026-11-01"])
def test_days_outside_of_a_recording_are_one_line(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(given.split()) == 1
    assert "nothing was run" in capsys.readouterr().err


def test_live_the_loader_knows_which_days_are_unfinished() -> None:
    args = run._arguments(["--sources", "live"])
    assert run._days(run._folder_to_replay(args), args) is None


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project root of the test's own, without the variables that decide for a person."""
    monkeypatch.setattr(warehouse, "ROOT", tmp_path)
    monkeypatch.setattr(profile, "ROOT", tmp_path)
    for name in ("ASSAY_DATA_DIR", "DUCKDB_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_each_origin_keeps_its_own_data_and_gets_it_back(house: Path) -> None:
    run._use_data_of("sample")
    (house / "data" / "assay.duckdb").write_text("invented")
    run._use_data_of("live")
    assert not (house / "data" / "assay.duckdb").exists()
    assert (house / "data.sample" / "assay.duckdb").read_text() == "invented"
    (house / "data" / "assay.duckdb").write_text("real")
    run._use_data_of("sample")
    assert (house / "data" / "assay.duckdb").read_text() == "invented"
    assert (house / "data.live" / "assay.duckdb").read_text() == "real"


def test_data_without_a_mark_came_from_the_real_apis(house: Path) -> None:
    (house / "data").mkdir()
    run._use_data_of("sample")
    assert (house / "data.live").is_dir()


def test_two_folders_of_one_origin_are_refused_and_nothing_is_lost(house: Path) -> None:
    (house / "data").mkdir()
    (house / "data.live").mkdir()
    with pytest.raises(run.StepFailedError, match="remove or rename one"):
        run._use_data_of("sample")
    assert (house / "data").is_dir()


def test_data_that_a_run_is_loading_are_not_moved(house: Path) -> None:
    (house / "data").mkdir()
    with (
        exclusive(house / "data" / "run.lock"),
        pytest.raises(run.StepFailedError, match="a run is loading data/"),
    ):
        run._use_data_of("sample")
    assert (house / "data").is_dir()


def test_a_second_make_run_waits_for_the_first_and_says_for_whom(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with only_run(tmp_path_factory), exclusive(ROOT / ".make-run.lock"):
        process = project.start(sys.executable, "-m", "assay.runs.run")
        line = process.stdout.readline()
        assert process.poll() is None
        process.kill()
        process.communicate(timeout=300)
    at_work = "make run: another refresh or `make run` is at work here: waiting for it to end"
    assert line.startswith(f"{at_work}; it is `")
    assert f"(pid {os.getpid()}, since 20" in line


def test_a_make_run_that_has_waited_long_enough_ends_with_one_line(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with only_run(tmp_path_factory), exclusive(ROOT / ".make-run.lock"):
        process = project.start(sys.executable, "-m", "assay.runs.run", ASSAY_WAIT_SECONDS="0")
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert output.startswith(
        "make run: another refresh or `make run` is at work here: wait for it to end; it is `"
    )
    assert output.count("\n") == 1
