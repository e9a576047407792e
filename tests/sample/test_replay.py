"""The replay server as its clients see it: the real huggingface_hub, and raw httpx for faults."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    BadRequestError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers

from sample import faults, wire
from sample.hub import INVALID_TOKEN
from sample.replay import ReplayServer, main
from tests.support import folders_of_items

ROOT = Path(__file__).resolve().parents[2]
# one for all: making a client reads the certificates; a kept connection would hide a dead server
CLIENT = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
TASKS = {"text-generation": {"id": "text-generation", "label": "Text Generation"}}


def model(model_id: str, downloads: int, *tags: str, **more: Any) -> dict[str, Any]:
    """An item as recorded with full=true, but for what `more` says (None: absent)."""
    item = {
        "id": model_id,
        "modelId": model_id,
        "author": model_id.split("/", maxsplit=1)[0],
        "sha": f"{downloads:040x}",
        "lastModified": "2026-08-18T06:21:48.000Z",
        "createdAt": "2026-08-18T06:09:20.000Z",
        "likes": downloads % 7,
        "trendingScore": downloads % 5,
        "private": False,
        "gated": False,
        "downloads": downloads,
        "tags": [*tags, "region:us"],
        "siblings": [{"rfilename": "config.json"}],
    }
    return {k: v for k, v in (item | more).items() if v is not None}


MODELS = [
    model("b/two", 20, "text-generation", "license:mit", pipeline_tag="text-generation"),
    model("a/one", 20, "text-generation", library_name="transformers", gated="auto"),
    model("B/upper", 20, "text-generation"),
    model("c/three", 50, "text-generation", "en", _id="621ffdc036468d709f1753ba"),
    model("c/four", 5, "text-generation", "license:mit", cardData={"license": "mit"}),
    model("google-bert/bert-base-uncased", 90, "fill-mask", pipeline_tag="fill-mask"),
    model("x/same", 1, createdAt="2022-03-02T23:29:04.000Z"),
    model("y/same", 2, config={"model_type": "bert"}, lastModified="2026-09-01T00:00:00.000Z"),
    model("gpt2", 70, "text-generation", "tag,with,commas", author=None),
]
BY_DOWNLOADS = ["c/three", "B/upper", "a/one", "b/two", "c/four"]  # text-generation, but gpt2

Serve = Callable[..., ReplayServer]


def write(folder: Path, models: list[Any], tasks: Any = TASKS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hf_tasks.json").write_text(json.dumps(tasks))
    lines = (item if isinstance(item, str) else json.dumps(item) for item in models)
    (folder / "hf_models.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN", raising=False)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with contextlib.ExitStack() as stack:

        def start(models: list[Any] = MODELS, **options: Any) -> ReplayServer:
            folder = write(tmp_path / "recorded", models)
            return stack.enter_context(ReplayServer(folder, **options))

        yield start


@pytest.fixture
def server(serve: Serve) -> ReplayServer:
    return serve()


def hub(server: ReplayServer) -> HfApi:
    return HfApi(endpoint=server.url, token=False)


def get(server: ReplayServer, path: str, **options: Any) -> httpx.Response:
    return CLIENT.get(server.url + path, timeout=options.pop("timeout", 10), **options)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()]


def walk(server: ReplayServer, path: str) -> Iterator[httpx.Response]:
    """Every page, following Link."""
    answer = get(server, path)
    yield answer
    while "next" in answer.links:
        answer = CLIENT.get(answer.links["next"]["url"])
        yield answer


# --- the real client -----------------------------------------------------------------------------


def test_the_client_lists_a_task_by_downloads_with_ties_by_id(server: ReplayServer) -> None:
    found = list(
        hub(server).list_models(
            filter="text-generation", sort="downloads", limit=10, expand=["downloads", "tags"]
        )
    )
    assert [(m.id, m.downloads) for m in found] == [
        ("gpt2", 70), ("c/three", 50), ("B/upper", 20), ("a/one", 20), ("b/two", 20), ("c/four", 5)
    ]  # fmt: skip
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
        "google-bert/bert-base-uncased", "gpt2", "c/three", "B/upper", "a/one", "b/two",
        "c/four", "y/same", "x/same",
    ]  # fmt: skip
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


# --- the Hub's answers ---------------------------------------------------------------------------


def test_tasks_are_the_recorded_object(server: ReplayServer) -> None:
    answer = get(server, "/api/tasks")
    assert answer.json() == TASKS
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_each_mode_has_its_properties(server: ReplayServer) -> None:
    def keys(query: str) -> set[str]:
        [item] = get(server, f"/api/models?author=y&{query}").json()
        return set(item)

    plain = {"_id", "id", "modelId", "likes", "trendingScore", "private", "downloads", "tags",
             "createdAt"}  # fmt: skip
    full = plain | {"author", "gated", "lastModified", "sha", "siblings"}
    assert keys("") == plain
    assert keys("full=false") == plain
    assert keys("full=true") == full
    assert keys("config=true") == plain | {"config"}
    assert keys("full=True&config=true&cardData=true") == full | {"config"}
    assert keys("expand=downloads&expand=pipeline_tag") == {"_id", "id", "downloads"}
    assert keys("expand[]=author") == {"_id", "id", "author"}


def test_an_id_is_recorded_or_stable(server: ReplayServer) -> None:
    by_id = {item["id"]: item["_id"] for item in get(server, "/api/models").json()}
    assert by_id["c/three"] == "621ffdc036468d709f1753ba"
    assert by_id["a/one"] == "42102d2f9bfb00438175bdcb"  # printf a/one | sha256sum | cut -c1-24


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("createdAt", ["google-bert/bert-base-uncased", "gpt2", "y/same", "x/same"]),
        ("lastModified", ["y/same", "google-bert/bert-base-uncased", "gpt2", "x/same"]),
        ("likes", ["google-bert/bert-base-uncased", "y/same", "x/same", "gpt2"]),
        ("trendingScore", ["y/same", "x/same", "google-bert/bert-base-uncased", "gpt2"]),
    ],
)
def test_sorting_is_descending_whatever_direction_says(
    server: ReplayServer, sort: str, expected: list[str]
) -> None:
    rest = {"google-bert/bert-base-uncased", "gpt2", "y/same", "x/same"}
    for direction in ("", "&direction=-1", "&direction=1"):
        found = ids(get(server, f"/api/models?sort={sort}{direction}"))
        assert [i for i in found if i in rest] == expected


def test_the_default_sort_is_trending(server: ReplayServer) -> None:
    default = ids(get(server, "/api/models"))
    assert default == ids(get(server, "/api/models?sort=trendingScore"))
    assert default[:2] == ["y/same", "x/same"]


def test_a_filter_value_may_hold_several_tags_unless_it_is_one(server: ReplayServer) -> None:
    both = get(server, "/api/models?filter=text-generation,license:mit&sort=downloads")
    assert ids(both) == ["b/two", "c/four"]
    assert ids(get(server, "/api/models?filter=tag,with,commas")) == ["gpt2"]


def test_the_next_link_keeps_the_query_and_ends_with_the_last_page(server: ReplayServer) -> None:
    pages = list(
        walk(server, "/api/models?filter=text-generation&sort=downloads&limit=2&full=true")
    )
    assert [ids(page) for page in pages] == [
        ["gpt2", "c/three"],
        ["B/upper", "a/one"],
        ["b/two", "c/four"],
    ]
    url = httpx.URL(pages[0].links["next"]["url"])
    assert str(url).startswith(f"{server.url}/api/models?filter=text-generation&sort=downloads")
    assert url.params["limit"] == "2" and url.params["full"] == "true"
    assert "%3D" in pages[0].headers["link"] or "=" not in url.params["cursor"]
    assert "link" not in pages[-1].headers


def test_skip_leaves_out_and_is_not_repeated_by_the_next_page(server: ReplayServer) -> None:
    pages = walk(server, "/api/models?filter=text-generation&sort=downloads&limit=2&skip=1")
    assert [ids(page) for page in pages] == [["c/three", "B/upper"], ["a/one", "b/two"], ["c/four"]]
    assert ids(get(server, "/api/models?skip=99")) == []


@pytest.mark.parametrize(
    "query",
    ["limit=abc", "limit=0", "limit=-1", "limit=", "limit=1e3", "skip=-1", "sort=name",
     "expand=nonsense", "expand=tags&full=true", "expand[]=tags&config=true", "cursor=abc",
     "cursor=", "cursor=W10%3D", "full=maybe", "num_parameters=min:6B", f"limit={'9' * 5000}"],
)  # fmt: skip
def test_a_query_the_hub_refuses_is_400(server: ReplayServer, query: str) -> None:
    answer = get(server, f"/api/models?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == ["error"]


def test_a_limit_above_the_cap_is_the_cap(serve: Serve) -> None:
    assert len(get(serve(page_cap=3), "/api/models?limit=5000").json()) == 3


def test_unknown_paths_and_methods_are_404(server: ReplayServer) -> None:
    for path in ("/", "/api/nothing", "/api/models/a/one/tree/main", "/api/modelsx"):
        answer = get(server, path)
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
    answer = CLIENT.post(server.url + "/api/models", json={"a": 1})
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_every_answer_tells_the_limit_and_its_request_id(server: ReplayServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        paths = ["/api/tasks", "/api/models", "/api/models?limit=x", "/api/models/no/one", "/nope"]
        answers = [client.get(path) for path in paths]
        answers.append(client.request("BREW", "/api/models"))
    assert [answer.status_code for answer in answers] == [200, 200, 400, 401, 404, 501]
    left = [parse_ratelimit_headers(answer.headers).remaining for answer in answers]
    assert left == [499, 498, 497, 496, 495, 494]
    assert answers[0].headers["ratelimit-policy"] == '"fixed window";"api";q=500;w=300'
    assert len({answer.headers["x-request-id"] for answer in answers}) == 6


def test_more_than_the_quota_is_429_until_the_window_ends(serve: Serve) -> None:
    server = serve(quota=2, window=1)
    statuses = [get(server, "/api/tasks").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = get(server, "/api/tasks")
    assert refused.headers["ratelimit"] == '"api";r=0;t=1'
    assert list(refused.json()) == ["error"] and "retry-after" not in refused.headers
    time.sleep(1.1)
    assert get(server, "/api/tasks").status_code == 200


def test_a_quota_of_0_limits_nothing(serve: Serve) -> None:
    answers = [get(serve(quota=0), "/api/tasks") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert "r=1000000;" in answers[2].headers["ratelimit"]


def test_a_window_counts_anew_when_it_is_over() -> None:
    now = 100.0
    window = wire.Window(2, 10, clock=lambda: now)
    assert [window.take() for _ in range(3)] == [(True, 1, 10), (True, 0, 10), (False, 0, 10)]
    now = 109.5
    assert window.take() == (False, 0, 1)
    now = 110.0
    assert window.take() == (True, 1, 10)


def test_an_invalid_token_is_refused_everywhere(server: ReplayServer) -> None:
    for path in ("/api/tasks", "/api/models", "/api/models/a/one"):
        answer = get(server, path, headers={"Authorization": "Bearer " + INVALID_TOKEN})
        assert answer.status_code == 401
        assert answer.json() == {"error": "Invalid credentials in Authorization header"}
        assert get(server, path, headers={"Authorization": "Bearer hf_x"}).status_code == 200


def test_bad_items_are_served_as_recorded_and_crash_nothing(serve: Serve) -> None:
    bad = [
        model("ok/one", 10, "t"),
        {"downloads": 99, "tags": ["t"]},
        {"id": None, "tags": None},
        {"id": "odd/tags", "tags": None, "downloads": "7", "createdAt": 5},
        {"id": "odd/tag", "tags": [["t"], {"a": 1}, None, 3, "t"], "likes": {}, "downloads": -1},
        '{"id": "odd/nan", "downloads": NaN, "likes": 1e999}',
        {"id": "odd/big", "downloads": 10**30, "pipeline_tag": ["x"], "gated": "x"},
        {"id": "odd/\ud800", "downloads": 1},
        [1, 2],
        None,
        "",
        "{not json",
    ]
    server = serve(bad, page_cap=2)
    for sort in ("downloads", "likes", "createdAt", "lastModified", "trendingScore"):
        items = [
            i for page in walk(server, f"/api/models?sort={sort}&full=true") for i in page.json()
        ]
        assert len(items) == 10
    named = [i.get("id") for i in items if isinstance(i, dict) and i.get("id")]
    assert sorted(named) == sorted(
        ["ok/one", "odd/tags", "odd/tag", "odd/nan", "odd/big", "odd/\ud800"]
    )
    first = [i for page in walk(server, "/api/models?sort=downloads") for i in page.json()]
    assert [first[0]["id"], first[1]["id"]] == ["odd/big", "ok/one"]
    assert first[-1]["id"] == "odd/tag" and first[-5:-1] == [bad[1], bad[2], [1, 2], None]
    assert ids(get(server, "/api/models?filter=t&sort=downloads")) == ["ok/one", "odd/tag"]


def test_an_empty_folder_of_models_is_an_empty_list(serve: Serve) -> None:
    server = serve([])
    assert get(server, "/api/models?filter=x&search=y&author=z").json() == []
    assert get(server, "/api/models").json() == []
    assert get(server, "/api/models/a/b").status_code == 401


def test_a_cursor_stands_where_its_model_stood_even_when_that_is_gone(
    serve: Serve, tmp_path: Path
) -> None:
    first = get(serve(), "/api/models?filter=text-generation&sort=downloads&limit=4")
    assert ids(first)[-1] == "a/one"
    cursor = httpx.URL(first.links["next"]["url"]).params["cursor"]
    later = [m for m in MODELS if m["id"] not in ("a/one", "gpt2")]
    query = {"filter": "text-generation", "sort": "downloads", "cursor": cursor}
    answer = CLIENT.get(f"{serve(later).url}/api/models", params=query)
    assert ids(answer) == ["b/two", "c/four"]


# --- rows that shift between pages ---------------------------------------------------------------


def test_shifting_rows_make_a_paging_client_miss_one_and_see_one_twice(serve: Serve) -> None:
    models = [model(f"m/{n:03d}", 10 * n, "t") for n in range(100)]

    def run(seed: int) -> tuple[list[str], list[dict[str, Any]]]:
        server = serve(models, shift=2, seed=seed)
        pages = list(walk(server, "/api/models?filter=t&sort=downloads&limit=50"))
        return [i for page in pages for i in ids(page)], server.shifted

    seen, shifted = run(1)
    up, down = shifted
    assert up["before"] < 500 <= up["after"] and up["id"] not in seen
    assert down["before"] >= 500 > down["after"] and seen.count(down["id"]) == 2
    assert len(seen) == 100 and len(set(seen)) == 99
    assert run(1) == (seen, shifted)
    assert run(2)[1] != shifted


def test_a_shift_changes_the_record_and_every_listing_of_it(serve: Serve) -> None:
    server = serve([model(f"m/{n}", 10 * n, "t") for n in range(10)], shift=1)
    before = ids(get(server, "/api/models?sort=downloads&limit=10"))
    get(server, "/api/models?filter=t&sort=downloads&limit=5")
    [moved] = server.shifted
    assert get(server, f"/api/models/{moved['id']}").json()["downloads"] == moved["after"]
    items = get(server, "/api/models?sort=downloads&limit=10").json()
    assert [i["id"] for i in items] != before
    assert [i["downloads"] for i in items] == sorted((i["downloads"] for i in items), reverse=True)


def test_without_shift_pages_repeat_exactly(server: ReplayServer) -> None:
    path = "/api/models?sort=downloads&limit=3"
    assert get(server, path).content == get(server, path).content
    assert server.shifted == []


# --- faults --------------------------------------------------------------------------------------


def test_429_says_when_in_the_hubs_own_header(serve: Serve) -> None:
    answer = get(serve(faults=["429:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["ratelimit"]) == (429, '"api";r=0;t=1')
    assert "retry-after" not in answer.headers


def test_429_may_say_retry_after_or_nothing(serve: Serve) -> None:
    answer = get(serve(faults=["429-retry-after:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "ratelimit" not in answer.headers
    answer = get(serve(faults=["429-bare:1"]), "/api/tasks")
    assert answer.status_code == 429
    assert not {"retry-after", "ratelimit", "ratelimit-policy"} & set(answer.headers)


def test_server_errors_have_their_bodies(serve: Serve) -> None:
    for kind, status in (("500", 500), ("503", 503)):
        answer = get(serve(faults=[f"{kind}:1"]), "/api/tasks")
        assert (answer.status_code, list(answer.json())) == (status, ["error"])
        assert answer.headers["ratelimit"].startswith('"api";r=499;')
    answer = get(serve(faults=["502-html:1"]), "/api/tasks")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert "<h1>502 Bad Gateway</h1>" in answer.text


def test_malformed_is_200_whole_and_not_json(serve: Serve) -> None:
    answer = get(serve(faults=["malformed:1"]), "/api/models")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) > 100
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_cut_promises_more_than_it_sends(serve: Serve) -> None:
    server = serve(faults=["cut:1"])
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        get(server, "/api/models")
    with CLIENT.stream("GET", server.url + "/api/models") as answer:
        got = b""
        with contextlib.suppress(httpx.RemoteProtocolError):
            for chunk in answer.iter_raw():
                got += chunk
    assert len(got) == int(answer.headers["content-length"]) // 2


def test_gone_closes_without_an_answer(serve: Serve) -> None:
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        get(serve(faults=["gone:1"]), "/api/tasks")


def test_timeout_answers_nothing_and_ends_with_the_client(serve: Serve) -> None:
    server = serve(faults=["timeout:1"])
    with pytest.raises(httpx.ReadTimeout):
        get(server, "/api/tasks", timeout=0.3)
    assert server.requests == [("GET", "/api/tasks", "timeout")]
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:  # closing the server frees a waiting client
        waiting = pool.submit(get, server, "/api/tasks")
        time.sleep(0.2)
        server.close()
        with pytest.raises(httpx.HTTPError):
            waiting.result()
    assert time.monotonic() - began < 5


def test_slow_answers_rightly_after_2_seconds(serve: Serve) -> None:
    server, began = serve(faults=["slow:1"]), time.monotonic()
    assert get(server, "/api/tasks").json() == TASKS
    assert time.monotonic() - began >= 2


def test_gone_after_refuses_connections_after_n_answers(serve: Serve) -> None:
    server = serve(faults=["gone-after:2"])
    with httpx.Client(base_url=server.url) as client:
        assert [client.get("/api/tasks").status_code for _ in range(2)] == [200, 200]
        for _ in range(2):
            with pytest.raises(httpx.ConnectError):
                client.get("/api/tasks")


def test_faults_do_not_depend_on_the_order_of_arrival(serve: Serve) -> None:
    kinds = ["500:0.3", "429:0.2"]
    paths = [f"/api/models?limit={n}" for n in range(1, 41)]

    def outcomes(server: ReplayServer, asked: list[str], threads: int) -> set[tuple[str, int, Any]]:
        with ThreadPoolExecutor(threads) as pool:
            for _ in range(3):
                list(pool.map(lambda path: get(server, path), asked))
        nth: dict[str, int] = {}
        found = set()
        for _, path, outcome in server.requests:
            nth[path] = nth.get(path, 0) + 1
            found.add((path, nth[path], outcome))
        return found

    one = outcomes(serve(faults=kinds, seed=7), paths, 1)
    many = outcomes(serve(faults=kinds, seed=7), paths[::-1], 8)
    assert one == many
    assert {outcome for *_, outcome in one} == {200, "500", "429"}
    assert one != outcomes(serve(faults=kinds, seed=8), paths, 1)


def test_the_client_retries_a_later_page_through_faults(serve: Serve) -> None:
    # seed 55 leaves the first page, which the client does not retry, alone and strikes the third
    server = serve(page_cap=2, faults=["500:0.3"], seed=55)
    assert len(list(hub(server).list_models(sort="downloads"))) == 9
    assert [outcome for *_, outcome in server.requests] == [200, 200, "500", 200, 200, 200]


def test_draws_are_even_and_strike_an_ask_again_but_not_for_ever() -> None:
    shares = [("500", 0.2), ("gone", 0.1)]
    drawn = [faults.draw(0, f"/p{n}", 0) for n in range(4000)]
    kinds = [faults.choose(shares, d) for d in drawn]
    assert kinds.count("500") == pytest.approx(800, abs=100)
    assert kinds.count("gone") == pytest.approx(400, abs=80)
    runs = [faults.choose(shares, faults.draw(0, "/p", n)) for n in range(200)]
    assert ("500", "500") in itertools.pairwise(runs)
    assert None in runs[:10]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("492:0.1", "did you mean 429"),
        ("tiemout:0.1", "did you mean timeout"),
        ("500", "a number from 0 to 1"),
        ("500:2", "a number from 0 to 1"),
        ("500:nan", "a number from 0 to 1"),
        ("gone-after:x", "whole number"),
    ],
)
def test_a_fault_that_is_not_understood_names_the_cure(spec: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        faults.parse([spec])


def test_shares_of_more_than_everything_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        faults.parse(["500:0.6", "429:0.5"])


# --- the server and its command line -------------------------------------------------------------


def test_it_listens_on_loopback_only_and_close_frees_the_port(serve: Serve) -> None:
    server = serve()
    port = int(server.url.rpartition(":")[2])
    assert server.url.startswith("http://127.0.0.1:")
    assert server._http.socket.getsockname() == ("127.0.0.1", port)
    client = httpx.Client(base_url=server.url)
    assert client.get("/api/tasks").status_code == 200
    server.close()
    with pytest.raises(httpx.HTTPError):
        client.get("/api/tasks")
    client.close()
    with socket.socket() as taken:
        assert taken.connect_ex(("127.0.0.1", port)) != 0


def test_connections_are_kept_and_head_has_no_body(server: ReplayServer) -> None:
    with httpx.Client(base_url=server.url) as client:
        streams = {client.get("/api/models").extensions["network_stream"] for _ in range(3)}
        head = client.head("/api/models")
        assert client.get("/api/tasks").json() == TASKS
    assert len(streams) == 1
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path, number: int) -> None:
    folder, port_file, log = write(tmp_path / "f", MODELS), tmp_path / "port", tmp_path / "log"
    port_file.write_text("1")  # left by a run that was killed
    command = [sys.executable, "-m", "sample.replay", "--folder", str(folder), "--port-file",
               str(port_file), "--fault", "500:0", "--log", str(log)]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        url = line.rpartition(" ")[2]
        assert url == f"http://127.0.0.1:{port_file.read_text().strip()}"
        assert CLIENT.get(f"{url}/api/models/a/one").json()["downloads"] == 20
        os.kill(process.pid, number)
        assert process.wait(10) == 0
        assert process.stdout.read() == ""
    assert log.read_text().endswith(" 200 GET /api/models/a/one\n")
    assert not port_file.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--folder", "{tmp}/none"], "no such folder"),
        (["--folder", "{tmp}"], "has no hf_tasks.json and no hf_models.jsonl"),
        (["--folder", "{ok}", "--fault", "slo:0.1"], "did you mean slow"),
        (["--folder", "{ok}", "--page-cap", "0"], "page_cap must be at least 1"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    ok = write(tmp_path / "ok", MODELS)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert main([a.format(tmp=tmp_path, ok=ok) for a in arguments]) == 2
    for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
        signal.signal(number, handler)
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1


# --- real items, where they are ------------------------------------------------------------------


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
