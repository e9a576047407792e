"""What enrichment asks the Hub: datasets, Croissant, tags by type, redirects, and every refusal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import hf_raise_for_status

from sample import croissant
from sample.hub import INVALID_TOKEN
from sample.hub_states import LEGACY_DATASETS, STATES, parse_repos
from sample.replay import ReplayServer
from tests.sample.test_replay import CLIENT, Serve, _online  # noqa: F401 - a fixture
from tests.support import SAMPLE, folders_of_items

TOKEN = "hf_" + "someone"
VIEWED = ("format:parquet", "library:datasets", "library:mlcroissant")


def dataset(dataset_id: str, downloads: int, *tags: str, **more: Any) -> dict[str, Any]:
    """An item as recorded with full=true."""
    return {
        "id": dataset_id,
        "author": dataset_id.partition("/")[0],
        "sha": f"{downloads:040x}",
        "lastModified": "2026-08-18T06:21:48.000Z",
        "createdAt": "2026-08-18T06:09:20.000Z",
        "private": False,
        "gated": False,
        "disabled": False,
        "likes": 3,
        "trendingScore": 0,
        "downloads": downloads,
        "description": f"\n\t\n\t\t\n\t\tAbout {dataset_id}",
        "tags": [*tags, "region:us"],
        "siblings": [{"rfilename": "README.md"}],
    } | more


QA = "task_categories:question-answering"
DATASETS = [
    dataset("rajpurkar/squad", 90, QA, "language:en", "license:cc-by-4.0", *VIEWED),
    dataset("a/plain", 20, QA, "license:mit"),
    dataset("a/second", 50, "language:en", *VIEWED),
    dataset("b/auto", 7, *VIEWED, gated="auto"),
    dataset("b/manual", 6, *VIEWED, gated="manual"),
    dataset("c/closed", 5, *VIEWED, disabled=True),
    dataset("c/hidden", 80, *VIEWED, private=True),
]
LISTED = ["rajpurkar/squad", "a/second", "a/plain", "b/auto", "b/manual", "c/closed"]
MODELS = [
    {"id": name, "downloads": n, "tags": ["t"], "gated": gated, "private": False}
    for n, (name, gated) in enumerate(
        {"FacebookAI/roberta-base": False, "other/roberta-base": False, "m/gated": "manual"}.items()
    )
]
VOCABULARY = {
    "pipeline_tag": [
        {"type": "pipeline_tag", "id": "text-generation", "label": "Text Generation"},
        {"type": "pipeline_tag", "id": "text-ranking", "label": "Text Ranking"},
    ],
    "library": [{"type": "library", "id": "timm", "label": "timm"}],
    "license": [{"type": "license", "id": "license:mit", "label": "mit"}],
}


def write(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hf_tasks.json").write_text("{}")
    (folder / "hf_tags_by_type.json").write_text(json.dumps(VOCABULARY))
    for name, items in (("hf_models.jsonl", MODELS), ("hf_datasets.jsonl", DATASETS)):
        (folder / name).write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:
        folder = write(tmp_path / "recorded")
        yield lambda **options: stack.enter_context(ReplayServer(folder, **options))


@pytest.fixture
def server(serve: Serve) -> ReplayServer:
    return serve()


def get(server: ReplayServer, path: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return CLIENT.get(server.url + path, headers=headers)


def hub(server: ReplayServer, token: str | bool = False) -> HfApi:
    return HfApi(endpoint=server.url, token=token)


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


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["datasets/no/one", "datasets/no/one/croissant", "models/no/one", "datasets/c/hidden",
     "datasets/WHAM!", "models/%20", "datasets/a/%C3%A9%F0%9F%92%A5/croissant"],
)  # fmt: skip
def test_what_is_missing_or_private_is_401_and_with_a_token_404(
    server: ReplayServer, path: str
) -> None:
    anonymous, known = get(server, f"/api/{path}"), get(server, f"/api/{path}", TOKEN)
    assert anonymous.json() == {"error": "Invalid username or password."}
    assert known.json() == {"error": "Repository not found"}
    assert (anonymous.status_code, known.status_code) == (401, 404)
    for answer in (anonymous, known):
        assert answer.headers["x-error-code"] == "RepoNotFound"
        assert answer.headers["x-error-message"] == answer.json()["error"]
        with pytest.raises(RepositoryNotFoundError):
            hf_raise_for_status(answer)


def test_a_wrong_token_is_not_a_missing_repository(server: ReplayServer) -> None:
    for path in ("datasets", "datasets/a/plain", "datasets/a/plain/croissant",
                 "models-tags-by-type", "datasets-tags-by-type"):  # fmt: skip
        answer = get(server, f"/api/{path}", INVALID_TOKEN)
        assert answer.json() == {"error": "Invalid credentials in Authorization header"}
        with pytest.raises(HfHubHTTPError) as raised:
            hf_raise_for_status(answer)
        assert not isinstance(raised.value, RepositoryNotFoundError)


def test_a_path_of_the_wrong_form_is_no_page(server: ReplayServer) -> None:
    for path in ("datasets/a/b/c", "datasets/a/b/c/croissant", "datasets/a/plain/tree/main",
                 "models/a/b/croissant", "models-tags-by-type/x"):  # fmt: skip
        answer = get(server, f"/api/{path}")
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
        assert "x-error-code" not in answer.headers


def test_what_the_hub_disabled_says_so(server: ReplayServer) -> None:
    with pytest.raises(DisabledRepoError):
        hub(server).dataset_info("c/closed")
    answer = get(server, "/api/datasets/c/closed/croissant", TOKEN)
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "Access to this resource is disabled."},
    )


def test_what_is_gated_describes_itself_in_public(server: ReplayServer) -> None:
    assert hub(server).dataset_info("b/manual").gated == "manual"
    assert hub(server).dataset_info("b/auto").gated == "auto"
    assert hub(server).model_info("m/gated").gated == "manual"


def test_states_are_declared_by_id(serve: Serve) -> None:
    server = serve(
        repos=[
            "missing:m/gated",
            "private:other/roberta-base",
            "disabled:FacebookAI/roberta-base",
            "missing:datasets/a/plain",
            "gated:datasets/a/second",
            "gated-auto:datasets/rajpurkar/squad",
            "gated-info:datasets/b/auto",
        ]
    )
    statuses = {
        path: get(server, f"/api/{path}").status_code
        for path in ("models/m/gated", "models/other/roberta-base",
                     "models/FacebookAI/roberta-base", "datasets/a/plain", "datasets/a/second",
                     "datasets/b/auto")
    }  # fmt: skip
    assert list(statuses.values()) == [401, 401, 403, 401, 200, 401]
    assert [item["id"] for item in get(server, "/api/models").json()] == ["FacebookAI/roberta-base"]
    listed = {i["id"]: i["gated"] for i in get(server, "/api/datasets?gated=true").json()}
    assert listed == {
        "a/second": "manual",
        "b/auto": "manual",
        "b/manual": "manual",
        "rajpurkar/squad": "auto",
    }
    with pytest.raises(GatedRepoError):
        hub(server).dataset_info("b/auto")
    with pytest.raises(GatedRepoError):
        hub(server, TOKEN).dataset_info("b/auto")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("mising:a/b", "did you mean missing"),
        ("gated", "write gated:owner/name"),
        ("missing:", "write missing:owner/name"),
        ("renamed:a/b", "write renamed:OLD=NEW"),
        ("gated:a/b=c/d", "write gated:owner/name"),
        ("gated:no/one", "has no 'no/one'"),
        ("renamed:a/b=no/one", "has no 'no/one'"),
        ("missing:datasets/no/one", "has no 'no/one'"),
    ],
)
def test_a_state_that_is_not_understood_names_the_cure(serve: Serve, spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        serve(repos=[spec])


def test_every_state_is_understood_for_models_and_datasets() -> None:
    specs = [f"{state}:{kind}a/b" for state in STATES for kind in ("", "datasets/")]
    parsed = parse_repos(f"{spec}=c/d" if spec.startswith("renamed") else spec for spec in specs)
    for states in parsed.values():
        assert dict(states.renamed) == {"a/b": "c/d"}
        assert set(states.ids) == set(STATES) - {"renamed"}
        assert states.hidden == {"a/b"}


# --- Croissant -----------------------------------------------------------------------------------


def test_croissant_describes_the_dataset(server: ReplayServer) -> None:
    found = get(server, "/api/datasets/rajpurkar/squad/croissant").json()
    assert found["@type"] == "sc:Dataset"
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert (found["name"], found["alternateName"]) == ("squad", ["rajpurkar/squad"])
    assert found["license"] == "https://choosealicense.com/licenses/cc-by-4.0/"
    assert found["url"] == "https://huggingface.co/datasets/rajpurkar/squad"
    assert found["creator"]["url"] == "https://huggingface.co/rajpurkar"
    assert found["description"] == DATASETS[0]["description"]
    assert found["keywords"] == ["question-answering", "en", "cc-by-4.0", "parquet", "region:us"]
    assert [part["@type"] for part in found["distribution"]] == ["cr:FileObject", "cr:FileSet"]
    columns = [field["@id"] for field in found["recordSet"][1]["field"]]
    assert columns == ["default/question", "default/context"]


def test_croissant_refers_to_what_it_has(server: ReplayServer) -> None:
    found = get(server, "/api/datasets/a/second/croissant").json()
    assert "license" not in found
    parts = {part["@id"] for part in found["distribution"]}
    sources = {field["source"]["fileSet"]["@id"] for field in found["recordSet"][1]["field"]}
    contained = {p["containedIn"]["@id"] for p in found["distribution"] if "containedIn" in p}
    assert sources | contained == parts
    prefixes = {"sc", "cr", "rai", "dct"}
    used = {str(value).partition(":")[0] for key, value in _pairs(found) if key == "@type"}
    assert used - {"Person", "@json", "@vocab"} <= prefixes <= set(found["@context"])


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield key, inner
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from _pairs(inner)


def test_croissant_is_not_there_for_every_dataset(serve: Serve) -> None:
    server = serve(repos=["no-croissant:datasets/a/second"])
    for name in ("a/plain", "a/second"):
        answer = get(server, f"/api/datasets/{name}/croissant")
        assert answer.status_code == 400
        assert answer.json() == {"error": "The croissant format is not available for this dataset."}
        assert get(server, f"/api/datasets/{name}").status_code == 200


@pytest.mark.parametrize(
    ("name", "token", "status"),
    [("auto", None, 401), ("auto", TOKEN, 200), ("manual", None, 401), ("manual", TOKEN, 403)],
)
def test_croissant_of_a_gated_dataset_is_for_those_on_its_list(
    server: ReplayServer, name: str, token: str | None, status: int
) -> None:
    answer = get(server, f"/api/datasets/b/{name}/croissant", token)
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["error"].startswith(f"Access to dataset b/{name} is restricted")
        with pytest.raises(GatedRepoError):
            hf_raise_for_status(answer)


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
        for path in ("datasets", "datasets/a/plain", "datasets/a/plain/croissant",
                     "models-tags-by-type", "datasets-tags-by-type"):  # fmt: skip
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
    for query, code in ((path, "missingparam"), (f"{path}x&limit=99", "badinteger"),
                        ("/w/api.php?action=query&format=json", "badvalue")):  # fmt: skip
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


def test_datasets_recorded_without_tags_have_croissant_as_often_as_on_the_hub() -> None:
    items = [{"id": f"owner/{n}", "tags": []} for n in range(10_000)]
    share = sum(not croissant.has_croissant(item) for item in items) / len(items)
    assert share == pytest.approx(66_131 / 413_225, abs=0.01)
    assert [croissant.has_croissant(item) for item in items[:6]] == [True] * 3 + [
        False,
        True,
        False,
    ]


def test_the_sample_has_every_answer_to_a_question_for_croissant() -> None:
    with ReplayServer(SAMPLE, quota=0) as server, httpx.Client(base_url=server.url) as client:
        items = client.get("/api/datasets?limit=1000").json()
        statuses = Counter(
            client.get(f"/api/datasets/{item['id']}/croissant").status_code for item in items
        )
    assert statuses == {200: 96, 400: 18, 401: 7}
