"""The replayed Algolia search of Hacker News: tags, numeric filters, and the 1,000 hits."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from assay.sample.replay import ReplayServer
from tests.sample.apis.post_replays import DAY, folder_name, folders, get, lines, serving

BY_DATE, BY_POINTS = "/hackernews/api/v1/search_by_date", "/hackernews/api/v1/search"


def hit(number: int, created: Any, *tags: str, **more: Any) -> dict[str, Any]:
    return {
        "objectID": str(number),
        "title": f"Story {number}",
        "url": None,
        "author": "pg",
        "points": number * 10,
        "story_text": None,
        "num_comments": number % 4,
        "created_at_i": created,
        "_tags": [*tags, "author_pg", f"story_{number}"],
        **more,
    }


HITS = [
    hit(1, DAY, "story"),
    hit(2, DAY + 5, "story", "ask_hn", story_text="Why is <i>Python</i> slow?"),
    hit(10, DAY + 5, "story", "show_hn", url="https://python.org/x"),
    hit(3, DAY + 1.0, "comment", title=None, points=None, num_comments=None),
    hit(4, DAY + 9, "job", title="Pythonic hiring"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("hn"), "hackernews", HITS) as server:
        yield server


def ask(server: ReplayServer, path: str = BY_DATE, **params: Any) -> httpx.Response:
    return get(server, path, params=params)


def found(server: ReplayServer, path: str = BY_DATE, **params: Any) -> list[str]:
    answer = ask(server, path, **params)
    assert answer.status_code == 200, answer.text
    return [one["objectID"] for one in answer.json()["hits"]]


def test_by_date_is_newest_first_with_ties_by_id(server: ReplayServer) -> None:
    assert found(server) == ["4", "10", "2", "3", "1"]
    assert found(server, BY_POINTS) == ["10", "4", "2", "1", "3"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("story", ["10", "2", "1"]),
        ("story,ask_hn", ["2"]),
        ("(ask_hn,show_hn)", ["10", "2"]),
        ("story,(ask_hn,job)", ["2"]),
        ("(story,comment),(ask_hn,comment),author_pg", ["2", "3"]),
        ("story_10", ["10"]),
        ("poll", []),
    ],
)
def test_a_comma_is_and_but_or_in_parentheses(
    server: ReplayServer, tags: str, expected: list[str]
) -> None:
    assert found(server, tags=tags) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (f"created_at_i>={DAY},created_at_i<{DAY + 5}", ["3", "1"]),
        (f"created_at_i>{DAY},created_at_i<={DAY + 5}", ["10", "2", "3"]),
        (f"created_at_i={DAY + 5}", ["10", "2"]),
        (f"created_at_i > {DAY + 5}", ["4"]),
        (f"created_at_i:{DAY + 1} TO {DAY + 5}", ["10", "2", "3"]),
        ("points>20", ["4", "10"]),
        ("points!=10", ["4", "10", "2"]),
        ("num_comments<=0,points>0", ["4"]),
        ("", ["4", "10", "2", "3", "1"]),
    ],
)
def test_numeric_filters_compare(server: ReplayServer, filters: str, expected: list[str]) -> None:
    assert found(server, numericFilters=filters) == expected


@pytest.mark.parametrize(
    "params",
    [
        {"numericFilters": "created_at_i"},
        {"numericFilters": "size>3"},
        {"page": "-1"},
        {"numericFilters": "points>x"},
        {"hitsPerPage": "many"},
    ],
)
def test_what_algolia_refuses_is_400_with_message_and_status(
    server: ReplayServer, params: dict[str, str]
) -> None:
    answer = ask(server, **params)
    assert (answer.status_code, list(answer.json())) == (400, ["message", "status"])
    assert answer.json()["status"] == 400


def test_words_are_looked_for_where_they_begin(server: ReplayServer) -> None:
    assert found(server, query="python") == ["4", "10", "2"]
    assert found(server, query="python slow") == ["2"]
    assert found(server, query="ython") == []
    assert found(server, query="python", restrictSearchableAttributes="title") == ["4"]


def test_an_answer_has_algolias_keys_and_hits_as_recorded(server: ReplayServer) -> None:
    body = ask(server, tags="story", hitsPerPage=2, page=1).json()
    assert body.pop("hits") == [HITS[0]]
    assert body == {
        "nbHits": 3,
        "page": 1,
        "nbPages": 2,
        "hitsPerPage": 2,
        "exhaustiveNbHits": True,
        "exhaustiveTypo": True,
        "exhaustive": {"nbHits": True, "typo": True},
        "query": "",
        "params": "advancedSyntax=true&hitsPerPage=2&page=1&tags=story",
        "processingTimeMS": 1,
    }
    assert ask(server).json()["hitsPerPage"] == 20


def test_only_1000_hits_can_be_reached_though_all_are_counted(tmp_path: Path) -> None:
    with serving(tmp_path, "hackernews", [hit(n, DAY + n, "story") for n in range(1234)]) as server:
        for size, pages in ((1000, 1), (100, 10), (20, 50), (300, 4), (99999, 1)):
            first = ask(server, hitsPerPage=size).json()
            assert (first["nbHits"], first["nbPages"]) == (1234, pages)
            assert first["hitsPerPage"] == min(size, 1000)
            ids = [i for p in range(pages + 2) for i in found(server, hitsPerPage=size, page=p)]
            assert ids == [str(n) for n in range(1233, 233, -1)]
        window = f"created_at_i<{DAY + 300}"
        assert ask(server, numericFilters=window, hitsPerPage=1000).json()["nbHits"] == 300


def test_a_lower_cap_makes_windows_needed_on_few_items(tmp_path: Path) -> None:
    with serving(tmp_path, "hackernews", HITS, quirks=["cap:2"]) as server:
        body = ask(server, hitsPerPage=1000).json()
    assert (len(body["hits"]), body["nbHits"]) == (2, 5)


@pytest.mark.parametrize("folder", folders("hackernews"), ids=folder_name)
def test_windows_and_pages_of_recorded_hits_hold_each_once(folder: Path) -> None:
    recorded = lines(folder, "hackernews")
    moments = [item["created_at_i"] for item in recorded]
    start = min(moments) // 10800 * 10800
    served = []
    with ReplayServer(folder, quota=0) as server:
        for low in range(start, max(moments) + 1, 10800):
            window = f"created_at_i>={low},created_at_i<{low + 10800}"
            page = {"nbPages": 1, "page": -1}
            while page["page"] + 1 < page["nbPages"]:
                page = ask(
                    server, numericFilters=window, hitsPerPage=100, page=page["page"] + 1
                ).json()
                assert page["nbHits"] <= 1000
                served += page["hits"]
        assert ask(server).json()["nbHits"] == len(recorded)
    texts = Counter(json.dumps(item, sort_keys=True) for item in recorded)
    assert Counter(json.dumps(item, sort_keys=True) for item in served) == texts


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        ("429", 429, "Too Many Requests"),
        ("429-bare", 429, "Too Many Requests"),
        ("500", 500, "Internal Server Error"),
        ("503", 503, "Service Unavailable"),
    ],
)
def test_errors_have_algolias_form(tmp_path: Path, kind: str, status: int, message: str) -> None:
    with serving(tmp_path, "hackernews", HITS, faults=[f"{kind}:1"]) as server:
        answer = ask(server)
    assert answer.status_code == status
    assert answer.json() == {"message": message, "status": status}
    assert server.requests == [("GET", BY_DATE, kind)]


def test_unknown_paths_are_404(server: ReplayServer) -> None:
    for path in ("/hackernews", "/hackernews/api/v1/items/1", "/hackernews/api/v1/search/x"):
        assert get(server, path).json() == {"message": "Not Found", "status": 404}
