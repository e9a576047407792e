"""A Hub with bad days: what it costs, and that the catalog is the same."""

import json
from collections import Counter
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.support import SAMPLE, Project

pytestmark = pytest.mark.slow("whole runs against a Hub with bad days end in the same catalog")

BAD_DAY = (
    "429-bare:0.06",
    "429-retry-after:0.02",
    "429:0.02",
    "500:0.05",
    "cut:0.02",
    "malformed:0.02",
)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the catalog of a good day."""
    project = Project(tmp_path_factory.mktemp("calm"))
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url)
    project.build_catalog(tested=False)
    return project


@pytest.mark.parametrize("seed", [1, 2])
def test_a_bad_day_ends_in_the_same_catalog_as_a_good_one(
    project: Project, calm: Project, seed: int
) -> None:
    with ReplayServer(SAMPLE, quota=0, faults=BAD_DAY, seed=seed) as server:
        project.load(server.url)
        asked = Counter(path for _, path, _ in server.requests)
        struck = [answer for _, _, answer in server.requests if answer != 200]
    project.build_catalog(tested=False)
    assert project.content() == calm.content()
    assert struck, "the seed struck nothing: the test shows nothing"
    assert max(asked.values()) <= 6  # once, and at most 5 retries


def top(folder: Path, task: str, limit: int, moves: list[dict]) -> set[str]:
    """Return the ids of a task's top models after some moves."""
    models = [json.loads(line) for line in (folder / "hf_models.jsonl").open(encoding="utf-8")]
    downloads = {m["id"]: m["downloads"] for m in models if task in m["tags"]}
    for move in moves:
        downloads[move["id"]] = move["after"]
    return set(sorted(downloads, key=lambda name: (-downloads[name], name))[:limit])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pages_that_shift_while_we_read_lose_and_double_nothing(
    project: Project, seed: int
) -> None:
    task, limit = "text-generation", 60
    with ReplayServer(SAMPLE, quota=0, page_cap=10, shift=1, seed=seed) as server:
        project.load(server.url, "--tasks", task, "--limit-per-task", str(limit))
        moves = list(server.shifted)
    project.build_catalog(tested=False)
    assert len(moves) > 10, "hardly anything moved: the test shows nothing"

    ids = [row[0] for row in project.rows("select model_id from hf.model_tasks")]
    assert len(ids) == len(set(ids)) == limit
    throughout = set.intersection(
        *(top(SAMPLE, task, limit, moves[:n]) for n in range(len(moves) + 1))
    )
    assert throughout - set(ids) == set()
