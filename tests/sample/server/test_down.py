"""One API that fails while the others answer, and what the server tells of all requests."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from assay.sample.replay import main
from assay.sample.server import faults
from tests.sample.apis.hub_replays import CLIENT, Serve, get
from tests.sample.apis.repo_replays import serve, write
from tests.servers import PATIENCE_SECONDS, started

__all__ = ["serve"]  # a fixture

PATHS = {
    "tasks": "/api/tasks",
    "models": "/api/models",
    "model-info": "/api/models/m/gated",
    "datasets": "/api/datasets?limit=1",
    "dataset-info": "/api/datasets/a/second",
    "croissant": "/api/datasets/a/second/croissant",
    "tags": "/api/models-tags-by-type",
    "wikidata": "/w/api.php?action=wbsearchentities&format=json&language=en&search=timm",
}


@pytest.mark.parametrize("down", PATHS)
def test_one_api_can_be_down_while_the_others_answer(serve: Serve, down: str) -> None:
    server = serve(faults=[f"down:{down}"], quirks=["wikidata"])
    statuses = {name: get(server, path).status_code for name, path in PATHS.items()}
    assert statuses == {name: 503 if name == down else 200 for name in PATHS}
    outcomes = {path: outcome for _, path, outcome in server.requests}
    assert outcomes[PATHS[down]] == "down"


def test_the_whole_hub_can_be_down(serve: Serve) -> None:
    server = serve(faults=["down:hub"], quirks=["wikidata"])
    statuses = [get(server, path).status_code for path in PATHS.values()]
    assert statuses == [503] * (len(PATHS) - 1) + [200]


def test_a_fault_can_strike_one_api_alone(serve: Serve) -> None:
    server = serve(faults=["429@croissant:1", "500@dataset-info:1", "503:0"])
    refused = get(server, PATHS["croissant"])
    assert (refused.status_code, refused.headers["ratelimit"]) == (429, '"api";r=0;t=1')
    assert list(refused.json()) == ["error"]
    assert get(server, PATHS["dataset-info"]).status_code == 500
    assert get(server, PATHS["datasets"]).status_code == 200
    assert get(server, PATHS["model-info"]).status_code == 200


def test_what_strikes_one_api_changes_no_draw_of_the_others(serve: Serve) -> None:
    def outcomes(*more: str) -> list[int]:
        server = serve(faults=["500:0.3", *more], seed=3)
        return [get(server, f"/api/models?limit={n}").status_code for n in range(1, 41)]

    assert outcomes() == outcomes("503@arxiv:0.7") == outcomes("429@datasets:0.2", "down:tags")
    assert Counter(outcomes())[500] == pytest.approx(12, abs=6)


@pytest.mark.parametrize(
    ("specs", "says"),
    [
        (["down:arxvi"], "unknown API 'arxvi': did you mean arxiv"),
        (["down"], "unknown API ''"),
        (["500@dataset:0.1"], "did you mean dataset"),
        (["50@arxiv:0.1"], "unknown fault '50'"),
        (["500@arxiv"], "a number from 0 to 1"),
        (["gone-after@arxiv:1"], "unknown fault 'gone-after'"),
        (["500@arxiv:0.6", "429:0.5"], "more than 1"),
    ],
)
def test_a_fault_of_one_api_that_is_not_understood_names_the_cure(
    specs: list[str], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        faults.parse(specs)
    assert faults.parse(["500@arxiv:0.6", "429@tags:0.5"]).at("/api/tasks") == []


def test_every_request_is_told_to_tests_and_to_the_log(serve: Serve, tmp_path: Path) -> None:
    server = serve(log=tmp_path / "log", faults=["503@tags:1"])
    paths = [
        "/api/datasets/squad?full=1",
        "/api/datasets/no/one/croissant",
        "/api/models-tags-by-type",
    ]
    for path in paths:
        get(server, path)
    assert server.requests == list(zip(["GET"] * 3, paths, [307, 401, "503"], strict=True))
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"{outcome} GET {path}" for path, outcome in zip(paths, (307, 401, "503"), strict=True)
    ]


def test_the_command_takes_states_and_says_what_is_wrong_with_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = str(write(tmp_path / "recorded"))
    assert main(["--folder", folder, "--repo", "gone:a/b"]) == 2
    assert "replay: unknown state 'gone'" in capsys.readouterr().err
    command = [
        sys.executable,
        "-m",
        "assay.sample.replay",
        "--folder",
        folder,
        "--repo",
        "missing:m/gated",
        "--fault",
        "down:tags",
        "--arxiv-form",
        "old",
    ]
    with started(command) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rpartition(" ")[2].strip()
        assert CLIENT.get(f"{url}/api/models/m/gated").status_code == 401
        assert CLIENT.get(f"{url}/api/models-tags-by-type").status_code == 503
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
