"""The replayed Hub as the real huggingface_hub sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from assay.sample.apis.hub import INVALID_TOKEN
from assay.sample.replay import ReplayServer
from tests.sample.apis.hub_replays import Serve, get, hub
from tests.support import folders_of_items


def test_the_client_lists_a_task_by_downloads_with_ties_by_id(server: ReplayServer) -> None:
    found = list(
        hub(server).list_models(
            filter="text-generation", sort="downloads", limit=10, expand=["downloads", "tags"]
        )
    )
    assert [(m.id, m.downloads) for m in found] == [
        ("gpt2", 70),
        ("c/three", 50),
        ("B/upper", 20),
        ("a/one", 20),
        ("b/two", 20),
        ("c/four", 5),
    ]
    assert found[-1].tags == ["text-generation", "license:mit", "region:us"]
    assert server.requests == [
        (
            "GET",
            "/api/models?filter=text-generation&sort=downloads&limit=10&expand=downloads&expand=tags",
            200,
        )
    ]


def test_the_client_follows_pages_to_the_end(serve: Serve) -> None:
    server = serve(page_cap=4)
    found = [m.id for m in hub(server).list_models(sort="downloads")]
    assert found == [
        "google-bert/bert-base-uncased",
        "gpt2",
        "c/three",
        "B/upper",
        "a/one",
        "b/two",
        "c/four",
        "y/same",
        "x/same",
    ]
    assert [status for _, _, status in server.requests] == [200, 200, 200]


def test_the_clients_limit_is_the_page_size(server: ReplayServer) -> None:
    found = [m.id for m in hub(server).list_models(filter="text-generation", limit=2, sort="likes")]
    assert found == ["B/upper", "a/one"]
    assert len(server.requests) == 1


def test_the_client_combines_filters_author_and_search(server: ReplayServer) -> None:
    api = hub(server)

    def names(**query: Any) -> list[str]:
        return [m.id for m in api.list_models(sort="downloads", **query)]

    assert names(filter=["text-generation", "license:mit"]) == ["b/two", "c/four"]
    assert names(filter=["text-generation", "no-such-tag"]) == []
    assert names(author="c") == ["c/three", "c/four"]
    assert names(search="BERT") == ["google-bert/bert-base-uncased"]
    assert names(pipeline_tag="fill-mask") == ["google-bert/bert-base-uncased"]
    assert names(gated=True) == ["a/one"]
    assert names(gated=False, author="a") == []
    assert names(search="no-such-model") == []


def test_the_client_reads_one_model(server: ReplayServer) -> None:
    info = hub(server).model_info("c/four")
    assert (info.id, info.downloads, info.sha) == ("c/four", 5, f"{5:040x}")
    assert info.card_data is not None and info.card_data.license == "mit"
    assert hub(server).model_info("c/four", revision="main").id == "c/four"
    assert hub(server).model_info("c/four", expand=["likes"]).downloads is None
    assert server.requests[-1][1] == "/api/models/c/four?expand=likes"


def test_the_client_follows_a_legacy_name_that_is_unique(server: ReplayServer) -> None:
    assert hub(server).model_info("bert-base-uncased").id == "google-bert/bert-base-uncased"
    assert [status for _, _, status in server.requests] == [307, 200]
    assert hub(server).model_info("gpt2").id == "gpt2"
    with pytest.raises(RepositoryNotFoundError):  # x/same or y/same
        hub(server).model_info("same")


def test_the_client_tells_errors_apart(server: ReplayServer) -> None:
    with pytest.raises(RepositoryNotFoundError) as missing:
        hub(server).model_info("no/body")
    assert missing.value.response.status_code == 401
    with pytest.raises(RepositoryNotFoundError) as missing:
        HfApi(endpoint=server.url, token="hf_" + "any").model_info("no/body")
    assert missing.value.response.status_code == 404
    with pytest.raises(RevisionNotFoundError):
        hub(server).model_info("a/one", revision="v9")
    with pytest.raises(BadRequestError):
        list(hub(server).list_models(sort="size"))  # type: ignore[arg-type]
    with pytest.raises(HfHubHTTPError) as invalid:
        HfApi(endpoint=server.url, token=INVALID_TOKEN).model_info("a/one")
    assert not isinstance(invalid.value, RepositoryNotFoundError)
    assert invalid.value.response.status_code == 401


@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.name)
def test_a_hub_of_real_ids_is_walked_whole_and_in_order(folder: Path) -> None:
    lines = (folder / "hf_models.jsonl").read_text().splitlines()
    recorded = [json.loads(line) for line in lines]
    expected = [m for m in recorded if "text-generation" in m["tags"]]
    expected.sort(key=lambda m: (-m["downloads"], m["id"]))
    with ReplayServer(folder) as server:
        found = hub(server).list_models(
            filter="text-generation", sort="downloads", expand=["downloads", "tags"]
        )
        assert [(m.id, m.downloads, m.tags) for m in found] == [
            (m["id"], m["downloads"], m["tags"]) for m in expected
        ]
        assert len(get(server, "/api/tasks").json()) == 47
    assert len(server.requests) == 1 + -(-len(expected) // 1000)
