"""The replayed StackExchange API: wrapper, gzip, quota, backoff and its errors of status 400."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from assay.sample.replay import ReplayServer
from tests.clocks import Clock
from tests.sample.apis.post_replays import (
    CLIENT,
    DAY,
    folder_name,
    folders,
    get,
    lines,
    recorded_errors,
    serving,
)

QUESTIONS, SEARCH = "/stackexchange/2.3/questions", "/stackexchange/2.3/search/advanced"


def question(number: int, created: float, *tags: str, **more: Any) -> dict[str, Any]:
    return {
        "question_id": number,
        "tags": list(tags),
        "owner": {"user_type": "does_not_exist"},
        "score": number % 3,
        "creation_date": created,
        "last_activity_date": DAY + 1000 - number,
        "title": f"How &quot;{number}&quot;?",
        "body": f"<p>body {number}</p>",
        **more,
    }


ITEMS = [
    question(1, DAY - 1, "python"),
    question(2, DAY, "python", "pandas"),
    question(3, DAY + 10, "C#"),
    question(4, float(DAY + 86399), "pandas", "numpy"),
    question(5, DAY + 86400, "python", body="<p>a dataframe</p>", body_markdown="a dataframe"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("stack"), "stackexchange", ITEMS) as server:
        yield server


def ask(server: ReplayServer, path: str = QUESTIONS, **params: Any) -> httpx.Response:
    return get(server, path, params={"site": "stackoverflow", **params})


def found(server: ReplayServer, path: str = QUESTIONS, **params: Any) -> list[int]:
    answer = ask(server, path, **params)
    assert answer.status_code == 200, answer.text
    return [item["question_id"] for item in answer.json()["items"]]


def walk(server: ReplayServer, **params: Any) -> list[dict[str, Any]]:
    items, page, more = [], 1, True
    while more:
        body = ask(server, page=page, **params).json()
        items, page, more = items + body["items"], page + 1, body["has_more"]
    return items


def refusal(number: int, name: str, message: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error_id": number, "error_message": message, "error_name": name}


# --- questions -----------------------------------------------------------------------------------


def test_the_wrapper_says_whether_there_is_more_and_what_is_left(server: ReplayServer) -> None:
    body = ask(server, pagesize=2).json()
    assert list(body) == ["items", "has_more", "quota_max", "quota_remaining"]
    assert (len(body["items"]), body["has_more"], body["quota_max"]) == (2, True, 300)
    assert ask(server, pagesize=5).json()["has_more"] is False
    assert ask(server, page=9).json()["items"] == []


def test_tagged_means_all_for_questions_and_any_for_a_search(server: ReplayServer) -> None:
    assert sorted(found(server, tagged="python")) == [1, 2, 5]
    assert found(server, tagged="python;pandas") == [2]
    assert found(server, tagged="c#") == [3]
    assert sorted(found(server, SEARCH, tagged="python;pandas")) == [1, 2, 4, 5]
    assert sorted(found(server, SEARCH, tagged="python;pandas", nottagged="numpy")) == [1, 2, 5]
    assert found(server, SEARCH, q="DataFrame") == [5]
    assert found(server, tagged="nothing") == []


def test_dates_are_seconds_and_both_ends_belong(server: ReplayServer) -> None:
    assert sorted(found(server, fromdate=DAY, todate=DAY + 86399)) == [2, 3, 4]
    assert sorted(found(server, fromdate=DAY + 1, todate=DAY + 86398)) == [3]
    assert sorted(found(server, fromdate=DAY)) == [2, 3, 4, 5]
    assert sorted(found(server, todate=DAY - 1)) == [1]


def test_sorts_are_descending_unless_asked_and_activity_by_default(server: ReplayServer) -> None:
    assert found(server) == found(server, sort="activity") == [1, 2, 3, 4, 5]
    assert found(server, sort="creation") == [5, 4, 3, 2, 1]
    assert found(server, sort="creation", order="asc") == [1, 2, 3, 4, 5]
    assert found(server, sort="votes") == [5, 2, 4, 1, 3]
    assert found(server, sort="votes", min=1, max=1) == [4, 1]
    assert found(server, SEARCH, sort="relevance") == [5, 2, 4, 1, 3]


def test_the_filter_decides_about_the_body(server: ReplayServer) -> None:
    plain = ask(server, sort="creation", pagesize=1).json()["items"][0]
    assert plain == {k: v for k, v in ITEMS[4].items() if not k.startswith("body")}
    whole = ask(server, sort="creation", pagesize=1, filter="withbody").json()["items"][0]
    assert whole == {k: v for k, v in ITEMS[4].items() if k != "body_markdown"}
    assert ask(server, filter="total", tagged="python").json() == {"total": 3}


@pytest.mark.parametrize("accept", ["gzip", "identity", ""])
def test_every_answer_is_gzip_asked_or_not(server: ReplayServer, accept: str) -> None:
    for params in ({}, {"sort": "nonsense"}):
        request = CLIENT.build_request(
            "GET",
            server.url + QUESTIONS,
            params={"site": "stackoverflow", **params},
            headers={"Accept-Encoding": accept},
        )
        answer = CLIENT.send(request, stream=True)
        raw = b"".join(answer.iter_raw())
        assert raw[:2] == b"\x1f\x8b" and answer.headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(raw))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"site": ""}, refusal(400, "bad_parameter", "site is required")),
        ({"site": "nowhere"}, refusal(400, "bad_parameter", "No site found for name `nowhere`")),
        ({"pagesize": 101}, refusal(400, "bad_parameter", "pagesize")),
        ({"pagesize": "x"}, refusal(400, "bad_parameter", "pagesize")),
        ({"page": 0}, refusal(400, "bad_parameter", "page")),
        ({"fromdate": "today"}, refusal(400, "bad_parameter", "fromdate")),
        ({"sort": "hot"}, refusal(400, "bad_parameter", "sort")),
        ({"sort": "relevance"}, refusal(400, "bad_parameter", "sort")),
        ({"order": "up"}, refusal(400, "bad_parameter", "order")),
        ({"views": 5}, refusal(400, "bad_parameter", "views")),
        ({"filter": "!abc"}, refusal(400, "bad_parameter", "Invalid filter specified")),
        (
            {"page": 26},
            refusal(403, "access_denied", "page above 25 requires access token or app key"),
        ),
    ],
)
def test_what_is_refused_is_400_with_the_reason_in_the_body(
    server: ReplayServer, params: dict[str, Any], expected: tuple[int, dict[str, Any]]
) -> None:
    answer = ask(server, **params)
    assert (answer.status_code, answer.json()) == expected
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_unknown_methods_are_no_method(server: ReplayServer) -> None:
    for path in ("/stackexchange/2.3/answers", "/stackexchange/2.2/questions", "/stackexchange"):
        answer = ask(server, path)
        body = refusal(404, "no_method", "no method found with this name")
        assert (answer.status_code, answer.json()) == body


def test_a_key_opens_page_26(tmp_path: Path) -> None:
    items = [question(n, DAY + n) for n in range(60)]
    with serving(tmp_path, "stackexchange", items) as server:
        assert found(server, page=26, pagesize=2, sort="creation", key="k") == [9, 8]
        assert len(found(server, page=25, pagesize=2)) == 2


@pytest.mark.parametrize("folder", [None, *folders("stackexchange")], ids=folder_name)
def test_pages_hold_each_question_once(folder: Path | None, tmp_path: Path) -> None:
    if folder is None:
        serving(tmp_path, "stackexchange", [question(n, DAY + n // 3) for n in range(250)]).close()
    items = lines(folder or tmp_path, "stackexchange")
    with ReplayServer(folder or tmp_path, quota=0) as server:
        served = walk(server, filter="withbody", sort="creation", order="asc", pagesize=100)
        days = sorted({int(item["creation_date"]) // 86400 * 86400 for item in items})
        by_day = [i for d in days for i in walk(server, fromdate=d, todate=d + 86399, pagesize=30)]
    texts = Counter(json.dumps(item, sort_keys=True) for item in items)
    assert Counter(json.dumps(item, sort_keys=True) for item in served) == texts
    created = [item["creation_date"] for item in served]
    assert created == sorted(created)
    ids = Counter(item["question_id"] for item in items)
    assert Counter(item["question_id"] for item in by_day) == ids


# --- quota and faults ----------------------------------------------------------------------------


def test_the_quota_counts_down_from_300_and_10000_with_a_key(tmp_path: Path) -> None:
    path = f"{QUESTIONS}?site=stackoverflow&pagesize=1"
    with (
        serving(tmp_path, "stackexchange", ITEMS, quota=1) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        left = [client.get(path).json()["quota_remaining"] for _ in range(300)]
        refused = client.get(path)
        keyed = client.get(path + "&key=k").json()
    assert left == [*range(299, -1, -1)]
    assert (keyed["quota_max"], keyed["quota_remaining"]) == (10000, 9999)
    body = refused.json()
    assert (refused.status_code, body["error_id"], body["error_name"]) == (
        400,
        502,
        "throttle_violation",
    )
    words = body["error_message"].split()
    assert 86_300 < int(words.pop(-2)) <= 86_400
    assert " ".join(words) == "too many requests from this IP, more requests available in seconds"


def struck(tmp_path: Path, kind: str) -> httpx.Response:
    with serving(tmp_path, "stackexchange", ITEMS, faults=[f"{kind}:1"]) as server:
        return ask(server)


def test_a_throttle_has_the_reported_form(tmp_path: Path) -> None:
    for kind in ("throttle", "429"):
        answer = struck(tmp_path, kind)
        message = "too many requests from this IP, more requests available in 1 seconds"
        assert (answer.status_code, answer.json()) == refusal(502, "throttle_violation", message)
        for text in recorded_errors("stackexchange", 400):
            reported = json.loads(text)
            assert reported | {"error_message": message} == answer.json()
            assert reported["error_message"].replace("84268", "1") == message


def test_a_backoff_stands_in_a_good_body_and_is_insisted_on(tmp_path: Path) -> None:
    items, clock = [question(n, DAY + n) for n in range(4)], Clock()
    faults = {"faults": ["backoff:0.5"], "seed": 1}
    with serving(tmp_path, "stackexchange", items, clock=clock, **faults) as server:
        page, answer = 0, ask(server, page=1, pagesize=1)
        while "backoff" not in answer.json():
            page += 1
            answer = ask(server, page=page, pagesize=1)
            assert answer.status_code == 200
        assert answer.json()["backoff"] == 2 and len(answer.json()["items"]) <= 1
        clock.now += 1.9
        early = ask(server, pagesize=2)
        assert (early.status_code, early.json()) == refusal(
            502, "throttle_violation", "Violation of backoff parameter"
        )
        assert ask(server, SEARCH).status_code == 200  # another method
        clock.now += 0.1
        assert ask(server, pagesize=2).status_code == 200


def test_server_errors_are_400_too_but_for_the_edge(tmp_path: Path) -> None:
    internal, unavailable = struck(tmp_path, "500"), struck(tmp_path, "503")
    assert (internal.status_code, internal.json()["error_name"]) == (400, "internal_error")
    assert unavailable.json() == refusal(503, "temporarily_unavailable", "Service Unavailable")[1]
    gateway, limit = struck(tmp_path, "502-html"), struck(tmp_path, "429-retry-after")
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html")
    assert (limit.status_code, limit.headers["retry-after"]) == (429, "1")
    assert limit.text.startswith("<html>")


def test_malformed_is_whole_gzip_around_broken_json(tmp_path: Path) -> None:
    answer = struck(tmp_path, "malformed")
    assert answer.status_code == 200 and answer.text.startswith('{"items":[')
    with pytest.raises(json.JSONDecodeError):
        answer.json()
