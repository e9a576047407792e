"""What enrichment asks the Hub: datasets, redirects and tags by type; and Wikidata."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from assay.sample.replay import ReplayServer
from assay.sample.server.hub_states import LEGACY_DATASETS
from tests.sample.apis.hub_replays import CLIENT, Serve, get, hub
from tests.sample.apis.repo_replays import DATASETS, LISTED, QA, VOCABULARY, serve, write
from tests.support import folders_of_items

__all__ = ["serve"]  # a fixture


# --- datasets ------------------------------------------------------------------------------------


def test_the_client_lists_datasets_as_it_lists_models(serve: Serve) -> None:
    api = hub(serve(page_cap=2))
    assert [d.id for d in api.list_datasets(sort="downloads")] == LISTED
    assert [d.id for d in api.list_datasets(sort="downloads", limit=3)] == LISTED[:3]
    found = api.list_datasets(task_categories="question-answering", sort="downloads")
    assert [d.id for d in found] == ["rajpurkar/squad", "a/plain"]
    assert [d.id for d in api.list_datasets(filter=[QA, "license:mit"])] == ["a/plain"]
    assert [d.id for d in api.list_datasets(author="a", search="SEC")] == ["a/second"]
    assert {d.id for d in api.list_datasets(gated=True)} == {"b/auto", "b/manual"}


def test_pages_of_datasets_are_linked_on_their_own_path(serve: Serve) -> None:
    answer = get(serve(page_cap=2), "/api/datasets?sort=downloads&full=true")
    url = httpx.URL(answer.links["next"]["url"])
    assert (url.path, url.params["full"], "cursor" in url.params) == ("/api/datasets", "true", True)
    assert [item["id"] for item in CLIENT.get(url).json()] == LISTED[2:4]


def test_a_listing_of_datasets_leaves_files_out_unless_asked(server: ReplayServer) -> None:
    [plain] = get(server, "/api/datasets?search=squad").json()
    [full] = get(server, "/api/datasets?search=squad&full=true").json()
    assert set(full) - set(plain) == {"siblings"}
    assert set(full) == set(DATASETS[0]) | {"_id"}
    [chosen] = get(server, "/api/datasets?search=squad&expand=downloads").json()
    assert chosen == {"_id": full["_id"], "id": "rajpurkar/squad", "downloads": 90}
    for query in ("expand=pipeline_tag", "sort=name", "full=true&expand=likes", "limit=x"):
        answer = get(server, f"/api/datasets?{query}")
        assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_the_client_reads_one_dataset(server: ReplayServer) -> None:
    info = hub(server).dataset_info("rajpurkar/squad")
    assert (info.id, info.downloads, info.gated) == ("rajpurkar/squad", 90, False)
    assert (info.author, info.sha) == ("rajpurkar", f"{90:040x}")
    assert info.tags == DATASETS[0]["tags"]
    assert hub(server).dataset_info("rajpurkar/squad", revision="main").id == info.id
    assert get(server, "/api/datasets/a/plain/revision/v9").headers["x-error-code"] == (
        "RevisionNotFound"
    )


# --- where ids lead ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "leads_to"),
    [
        ("/api/datasets/squad", "/api/datasets/rajpurkar/squad"),
        ("/api/datasets/squad?full=true", "/api/datasets/rajpurkar/squad?full=true"),
        ("/api/datasets/squad/croissant", "/api/datasets/rajpurkar/squad/croissant"),
        ("/api/datasets/Rajpurkar/SQuAD", "/api/datasets/rajpurkar/squad"),
        ("/api/datasets/A/Plain/croissant", "/api/datasets/a/plain/croissant"),
        ("/api/models/roberta-base", "/api/models/FacebookAI/roberta-base"),
        ("/api/models/facebookai/Roberta-Base", "/api/models/FacebookAI/roberta-base"),
        ("/api/models/old/name?expand=tags", "/api/models/m/gated?expand=tags"),
        ("/api/datasets/old/name/croissant", "/api/datasets/a/second/croissant"),
    ],
)
def test_an_old_name_redirects_relatively_with_its_query(
    serve: Serve, asked: str, leads_to: str
) -> None:
    repos = ["renamed:old/name=m/gated", "renamed:datasets/old/name=datasets/a/second"]
    answer = get(serve(repos=repos), asked)
    assert (answer.status_code, answer.headers["location"]) == (307, leads_to)
    assert answer.text == f"Temporary Redirect. Redirecting to {leads_to}"


def test_the_client_follows_redirects_to_the_id_of_today(server: ReplayServer) -> None:
    assert hub(server).dataset_info("squad").id == "rajpurkar/squad"
    assert hub(server).model_info("ROBERTA-base".lower()).id == "FacebookAI/roberta-base"
    assert [outcome for *_, outcome in server.requests] == [307, 200, 307, 200]


@pytest.mark.parametrize("name", ["datasets/imdb", "datasets/plain", "models/gated", "models/t5"])
def test_a_name_without_owner_leads_nowhere_unless_the_hub_moved_it(
    server: ReplayServer, name: str
) -> None:
    assert get(server, f"/api/{name}").status_code == 401


# --- tags by type, Wikidata ----------------------------------------------------------------------


def test_tags_by_type_are_the_recorded_vocabulary_and_that_of_the_datasets(
    server: ReplayServer,
) -> None:
    assert get(server, "/api/models-tags-by-type").json() == VOCABULARY
    found = get(server, "/api/datasets-tags-by-type").json()
    assert found["license"] == [
        {"type": "license", "id": f"license:{name}", "label": name} for name in ("cc-by-4.0", "mit")
    ]
    assert [tag["id"] for tag in found["task_categories"]] == [QA]
    assert found["task_ids"] == []


def test_paths_whose_files_are_not_there_are_no_pages(tmp_path: Path) -> None:
    folder = write(tmp_path / "less")
    for name in ("hf_datasets.jsonl", "hf_tags_by_type.json"):
        (folder / name).unlink()
    with ReplayServer(folder) as server:
        for path in (
            "datasets",
            "datasets/a/plain",
            "datasets/a/plain/croissant",
            "models-tags-by-type",
            "datasets-tags-by-type",
        ):
            assert get(server, f"/api/{path}").status_code == 404
        assert get(server, "/api/models").status_code == 200
    with pytest.raises(ValueError, match=r"no hf_datasets\.jsonl"):
        ReplayServer(folder, repos=["gated:datasets/a/plain"])


def test_wikidata_finds_labels_by_their_beginning_and_only_when_told_to(serve: Serve) -> None:
    path = "/w/api.php?action=wbsearchentities&format=json&language=en&search="
    server = serve(quirks=["wikidata"])
    found = get(server, f"{path}text+r").json()
    assert (found["success"], found["searchinfo"]) == (1, {"search": "text r"})
    [entity] = found["search"]
    assert (entity["label"], entity["description"]) == ("Text Ranking", "machine learning task")
    assert entity["concepturi"] == f"http://www.wikidata.org/entity/{entity['id']}"
    assert len(get(server, f"{path}text").json()["search"]) == 2
    assert len(get(server, f"{path}text&limit=1").json()["search"]) == 1
    assert get(server, f"{path}nothing").json()["search"] == []
    for query, code in (
        (path, "missingparam"),
        (f"{path}x&limit=99", "badinteger"),
        ("/w/api.php?action=query&format=json", "badvalue"),
    ):
        assert get(server, query).json()["error"]["code"] == code
    assert get(serve(), f"{path}text").status_code == 404


# --- real folders --------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.parent.name)
def test_what_models_point_at_leads_somewhere_or_is_refused(folder: Path) -> None:
    lines = (folder / "hf_models.jsonl").read_text("utf-8").splitlines()
    tags = {tag for line in lines for tag in json.loads(line)["tags"]}
    names = {tag.removeprefix("dataset:") for tag in tags if tag.startswith("dataset:")}
    items = (folder / "hf_datasets.jsonl").read_text("utf-8").splitlines()
    known = {json.loads(line)["id"] for line in items}
    with ReplayServer(folder, quota=0) as server, httpx.Client(base_url=server.url) as client:
        for name in sorted(name for name in names if name and name.count("/") <= 1)[:400]:
            answer = client.get(f"/api/datasets/{httpx.URL(path=name).raw_path.decode()}")
            if name in known:
                assert answer.json()["id"] == name
            elif answer.status_code == 307:
                assert client.get(answer.headers["location"]).json()["id"] in known
            else:
                assert answer.status_code in (401, 404)
        legacy = [name for name in names if f"{LEGACY_DATASETS.get(name)}/{name}" in known]
        assert [client.get(f"/api/datasets/{name}").status_code for name in legacy] == (
            [307] * len(legacy)
        )
        assert len(legacy) >= 3


@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.parent.name)
def test_the_client_walks_all_datasets_of_a_real_folder(folder: Path) -> None:
    with (folder / "hf_datasets.jsonl").open() as lines:
        items = [json.loads(line) for line in lines]
    with ReplayServer(folder, quota=0) as server:
        found = [info.id for info in hub(server).list_datasets(sort="downloads")]
    order = sorted(items, key=lambda item: (-item["downloads"], item["id"]))
    assert found == [item["id"] for item in order]
