"""What a second run changes: nothing but what changed at the source, on both databases."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.support import CATALOG, QUICK, SAMPLE, Project, copy_items

OPTIONS = ("--max-tasks", "3", "--limit-per-task", "50")
TIMES = "select model_id, created_at, updated_at, last_synced_at from hf.models order by 1"


def run_once(project: Project, folder: Path, *options: str) -> None:
    with ReplayServer(folder, quota=0) as server:
        project.load(server.url, *(options or OPTIONS))
    project.build_catalog(tested=False)


@pytest.fixture(scope="module")
def begun_on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project after its first run over the sample."""
    project = Project(tmp_path_factory.mktemp("begun"))
    run_once(project, SAMPLE)
    return project


@pytest.fixture(scope="module")
def begun_on_postgres(tmp_path_factory: pytest.TempPathFactory, postgres_host: str) -> Project:
    """Return the same on Postgres, its database put aside as `begun`."""
    with empty_postgres(tmp_path_factory.mktemp("begun"), postgres_host) as project:
        run_once(project, SAMPLE)
        aside = psycopg2.connect(host=postgres_host, user="postgres", dbname="postgres")
        aside.autocommit = True
        with aside.cursor() as cursor:
            cursor.execute("create database begun template assay")
        aside.close()
    return project


@pytest.fixture
def begun(begun_on_duckdb: Project, tmp_path: Path) -> Project:
    """Return a project of the test's own after a first run over the sample."""
    return begun_on_duckdb.copy(tmp_path / "begun")


@pytest.fixture(
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow("later runs on Postgres"))]
)
def any_begun(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_host: str
) -> Iterator[Project]:
    """Return the same on each of the two databases in turn."""
    if request.param == "duckdb":
        yield request.getfixturevalue("begun")
        return
    begun = request.getfixturevalue("begun_on_postgres")
    shutil.copytree(begun.folder / "data", tmp_path / "begun" / "data")
    with empty_postgres(tmp_path / "begun", postgres_host, like="begun") as project:
        yield project


def change(folder: Path, model_id: str, **values: object) -> None:
    path = folder / "hf_models.jsonl"
    items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(item["id"] == model_id for item in items) == 1
    for item in items:
        if item["id"] == model_id:
            item.update(values)
    path.write_text("".join(f"{json.dumps(item)}\n" for item in items), encoding="utf-8")


def test_a_run_over_the_same_hub_moves_only_last_synced_at(
    any_begun: Project, tmp_path: Path
) -> None:
    first, content = any_begun.rows(TIMES), any_begun.content()
    run_once(any_begun, SAMPLE)
    assert any_begun.content() == content
    for (model, created, updated, synced), (again, created2, updated2, synced2) in zip(
        first, any_begun.rows(TIMES), strict=True
    ):
        assert (model, created, updated) == (again, created2, updated2)
        assert synced2 > synced


def test_updated_at_moves_where_a_value_changed_and_nowhere_else(
    any_begun: Project, tmp_path: Path
) -> None:
    folder = copy_items(SAMPLE, tmp_path / "hub")
    before = {row[0]: row for row in any_begun.rows(TIMES)}
    changed = sorted(before)[3]
    change(folder, changed, likes=123_456)
    run_once(any_begun, folder)
    after = {row[0]: row for row in any_begun.rows(TIMES)}
    assert {model for model in after if after[model][2] != before[model][2]} == {changed}
    assert after[changed][2] > after[changed][1]
    assert any_begun.rows(f"select likes from hf.models where model_id = '{changed}'") == [
        (123_456,)
    ]


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_a_model_that_fell_out_of_a_listing_leaves_the_ranks_but_not_the_catalog(
    any_begun: Project, tmp_path: Path
) -> None:
    folder = copy_items(SAMPLE, tmp_path / "hub")
    [(gone,)] = any_begun.rows(
        "select model_id from hf.model_tasks where task_id = 'any-to-any' and rank_in_task = 1"
    )
    change(folder, gone, tags=["region:us"])
    run_once(any_begun, folder)
    assert any_begun.rows(
        f"select count(*) from hf.model_tasks where model_id = '{gone}' and task_id = 'any-to-any'"
    ) == [(0,)]
    assert any_begun.rows(f"select count(*) from hf.models where model_id = '{gone}'") == [(1,)]


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_a_task_that_lost_all_its_models_keeps_no_rank(any_begun: Project, tmp_path: Path) -> None:
    folder = copy_items(SAMPLE, tmp_path / "hub")
    path = folder / "hf_models.jsonl"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"any-to-any"', '"gone"'), encoding="utf-8"
    )
    run_once(any_begun, folder)
    tasks = {row[0] for row in any_begun.rows("select distinct task_id from hf.model_tasks")}
    assert "any-to-any" not in tasks and "audio-classification" in tasks


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_a_run_for_other_tasks_keeps_what_earlier_runs_found(project: Project) -> None:
    run_once(project, SAMPLE, "--tasks", "any-to-any")
    ranked = project.rows("select * from hf.model_tasks order by rank_in_task")
    run_once(project, SAMPLE, "--tasks", "fill-mask,summarization")
    kept = project.rows(
        "select * from hf.model_tasks where task_id = 'any-to-any' order by rank_in_task"
    )
    assert kept == ranked
    assert project.rows("select count(distinct task_id) from hf.model_tasks") == [(3,)]


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_two_loads_before_one_build_lose_neither(project: Project) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url, "--tasks", "any-to-any")
        project.load(server.url, "--tasks", "fill-mask")
    project.build_catalog(tested=False)
    assert project.rows("select count(distinct task_id) from hf.model_tasks") == [(2,)]


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_a_full_refresh_keeps_the_history(begun: Project) -> None:
    first = begun.rows("select model_id, created_at from hf.models order by 1")
    begun.run("dbt", "run", *QUICK, "--select", *CATALOG, "--full-refresh")
    assert begun.rows("select model_id, created_at from hf.models order by 1") == first


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_an_old_run_folder_loads_again_without_the_network(begun: Project) -> None:
    content = begun.content()
    [folder] = (begun.folder / "data" / "raw" / "hf").iterdir()
    (begun.folder / "data" / "assay.duckdb").unlink()
    nowhere = "http://127.0.0.1:9"
    output = begun.load(nowhere, "--run-folder", str(folder))
    assert folder.name in output
    begun.build_catalog(tested=False)
    assert begun.content() == content


def likes_of(project: Project, model_id: str) -> list[tuple]:
    return project.rows(f"select likes from hf.models where model_id = '{model_id}'")


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_an_older_listing_takes_no_row_back_to_what_it_was(
    any_project: Project, tmp_path: Path
) -> None:
    """A model in two tasks, one of which is not read again: bronze keeps the old listing of it."""
    folder = copy_items(SAMPLE, tmp_path / "hub")
    [listed] = [
        item
        for item in map(json.loads, (folder / "hf_models.jsonl").open(encoding="utf-8"))
        if item["id"] == "sentence-transformers/all-MiniLM-L6-v2"
    ]
    model = listed["id"]
    change(folder, model, tags=["feature-extraction", "sentence-similarity"], likes=158)
    both = ("--tasks", "feature-extraction,sentence-similarity")
    one = ("--tasks", "feature-extraction")
    run_once(any_project, folder, *both)
    change(folder, model, likes=777_777)
    run_once(any_project, folder, *one)
    assert likes_of(any_project, model) == [(777_777,)]
    seen = any_project.rows(f"select last_synced_at from hf.models where model_id = '{model}'")
    change(folder, model, tags=["sentence-similarity"])
    run_once(any_project, folder, *one)
    assert likes_of(any_project, model) == [(777_777,)]
    assert (
        any_project.rows(f"select last_synced_at from hf.models where model_id = '{model}'") == seen
    ), "it was not seen, so it was not synced"


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_an_old_run_folder_fills_gaps_and_takes_nothing_back(
    begun: Project, tmp_path: Path
) -> None:
    folder = copy_items(SAMPLE, tmp_path / "hub")
    [first] = (begun.folder / "data" / "raw" / "hf").iterdir()
    [(model,)] = begun.rows(
        "select model_id from hf.model_tasks where task_id = 'any-to-any' and rank_in_task = 1"
    )
    change(folder, model, likes=888_888)
    run_once(begun, folder)
    begun.load("http://127.0.0.1:9", "--run-folder", str(first))
    begun.build_catalog(tested=False)
    assert likes_of(begun, model) == [(888_888,)]
    assert begun.rows(f"select likes from hf.model_stats_daily where model_id = '{model}'") == [
        (888_888,)
    ]


@pytest.mark.slow("history of the catalog over several runs and builds")
def test_building_again_without_a_new_run_changes_nothing_at_all(begun: Project) -> None:
    everything = "select * from hf.models order by model_id"
    before = begun.rows(everything)
    begun.build_catalog(tested=False)
    assert begun.rows(everything) == before
