"""The catalog against an independent count over the recorded items: other code, other order."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.support import Project, any_items, folders_of_items

LIMIT = 1000


def counted(folder: Path, limit: int) -> dict[str, list[str]]:
    """Return each task's model ids in order of rank, straight from the lines of the file."""
    tasks = json.loads((folder / "hf_tasks.json").read_text(encoding="utf-8"))
    listed = defaultdict(dict)
    for line in (folder / "hf_models.jsonl").read_text(encoding="utf-8").splitlines():
        model = json.loads(line)
        for tag in model.get("tags") or []:
            if tag in tasks:
                listed[tag][model["id"]] = model["downloads"]
    return {
        task: [name for name, _ in sorted(found.items(), key=lambda kv: (-kv[1], kv[0]))][:limit]
        for task, found in listed.items()
    }


@pytest.fixture(scope="module", params=any_items(), ids=lambda folder: folder.name)
def catalog(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Project]:
    """Return a folder of items and the project with its catalog."""
    project = Project(tmp_path_factory.mktemp("catalog"))
    with ReplayServer(request.param, quota=0) as server:
        project.load(server.url, "--limit-per-task", str(LIMIT))
    project.build_catalog()
    return request.param, project


def test_the_catalog_holds_the_top_models_of_each_task_and_nothing_else(
    catalog: tuple[Path, Project],
) -> None:
    folder, project = catalog
    expected = counted(folder, LIMIT)
    ranked = defaultdict(list)
    for task, model in project.rows(
        "select task_id, model_id from hf.model_tasks order by 1, rank_in_task"
    ):
        ranked[task].append(model)
    assert dict(ranked) == expected
    models = {model for found in expected.values() for model in found}
    assert {row[0] for row in project.rows("select model_id from hf.models")} == models
    assert project.rows("select count(*) from hf.models") == [(len(models),)]
    assert project.rows("select count(*) from hf.tasks") == [(47,)]
    assert project.rows("select count(*) from hf.model_stats_daily") == [(len(models),)]


def test_every_value_of_a_model_is_the_one_in_the_file(catalog: tuple[Path, Project]) -> None:
    folder, project = catalog
    items = {}
    for line in (folder / "hf_models.jsonl").read_text(encoding="utf-8").splitlines():
        model = json.loads(line)
        items[model["id"]] = model
    rows = project.rows(
        "select model_id, license, likes, downloads, cast(tags as varchar), pipeline_tag, "
        "library_name, author, gated, strftime(hub_created_at, '%Y-%m-%dT%H:%M:%S.%g'), "
        "strftime(last_modified, '%Y-%m-%dT%H:%M:%S.%g') from hf.models"
    )
    assert rows
    for (
        model_id,
        licence,
        likes,
        downloads,
        tags,
        task,
        library,
        author,
        gated,
        created,
        modified,
    ) in rows:
        item = items[model_id]
        licences = [
            tag[8:] for tag in item["tags"] if tag.startswith("license:") and tag != "license:"
        ]
        assert licence == (licences[0] if licences else None)
        assert (likes, downloads, json.loads(tags)) == (
            item["likes"],
            item["downloads"],
            item["tags"],
        )
        assert (task, library) == (item.get("pipeline_tag"), item.get("library_name"))
        assert author == item["author"]
        assert gated == (
            item["gated"] if isinstance(item["gated"], str) else str(item["gated"]).lower()
        )
        assert (f"{created}Z", f"{modified}Z") == (item["createdAt"], item["lastModified"])


@pytest.mark.slow("a part of the tasks, counted apart")
def test_two_tasks_of_fifty_are_any_to_any_and_audio_classification(any_project: Project) -> None:
    with ReplayServer(folders_of_items()[-1], quota=0) as server:
        any_project.load(server.url, "--max-tasks", "2", "--limit-per-task", "50")
    any_project.build_catalog()
    expected = counted(folders_of_items()[-1], 50)
    found = any_project.rows("select task_id, count(*) from hf.model_tasks group by 1 order by 1")
    assert found == [(task, len(expected[task])) for task in ("any-to-any", "audio-classification")]
    assert any_project.rows("select task_id from hf.tasks order by 1") == [(t,) for t, _ in found]


def test_both_databases_end_with_the_same_catalog(
    project: Project, postgres_project: Project
) -> None:
    with ReplayServer(folders_of_items()[0], quota=0) as server:
        for one in (project, postgres_project):
            one.load(server.url, "--limit-per-task", "20")
            one.build_catalog()

    def comparable(one: Project) -> dict[str, list[tuple]]:
        # JSONB writes spaces after separators; what it holds is the same.
        tables = one.content()
        tables["hf.models"] = [
            (*row[:5], json.loads(row[5]), *row[6:]) for row in tables["hf.models"]
        ]
        return tables

    assert comparable(project) == comparable(postgres_project)
