"""The replayed Hub's answers: forms, orders, pages, limits, and rows that shift between pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from huggingface_hub.utils import parse_ratelimit_headers

from assay.sample.apis.hub import INVALID_TOKEN
from assay.sample.replay import ReplayServer
from assay.sample.server import wire
from tests.clocks import Clock
from tests.sample.apis.hub_replays import CLIENT, MODELS, TASKS, Serve, get, ids, model, walk


def test_tasks_are_the_recorded_object(server: ReplayServer) -> None:
    answer = get(server, "/api/tasks")
    assert answer.json() == TASKS
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_each_mode_has_its_properties(server: ReplayServer) -> None:
    def keys(query: str) -> set[str]:
        [item] = get(server, f"/api/models?author=y&{query}").json()
        return set(item)

    plain = {
        "_id",
        "id",
        "modelId",
        "likes",
        "trendingScore",
        "private",
        "downloads",
        "tags",
        "createdAt",
    }
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
    [
        "limit=abc",
        "limit=0",
        "limit=-1",
        "limit=",
        "limit=1e3",
        "skip=-1",
        "sort=name",
        "expand=nonsense",
        "expand=tags&full=true",
        "expand[]=tags&config=true",
        "cursor=abc",
        "cursor=",
        "cursor=W10%3D",
        "full=maybe",
        "num_parameters=min:6B",
        f"limit={'9' * 5000}",
    ],
)
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
    clock = Clock()
    server = serve(quota=2, window=1, clock=clock)
    statuses = [get(server, "/api/tasks").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = get(server, "/api/tasks")
    assert refused.headers["ratelimit"] == '"api";r=0;t=1'
    assert list(refused.json()) == ["error"] and "retry-after" not in refused.headers
    clock.now += 1
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
