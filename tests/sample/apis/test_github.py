"""The replayed search of GitHub, with the forms recorded by PyGithub and measured by others; more
than 400 lines because the forms stand as they are, a value a line."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from assay.sample.apis.github import DEPRECATION
from assay.sample.replay import ReplayServer
from assay.sample.server import faults
from tests.clocks import Clock
from tests.sample.apis.post_replays import (
    CLIENT,
    folder_name,
    folders,
    get,
    lines,
    recorded_errors,
    serving,
)

PATH = "/github/search/issues"


def issue(number: int, created: str = "2026-11-09T12:00:00Z", **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "number": number,
        "repository_url": "https://api.github.com/repos/octo/one",
        "title": f"title {number}",
        "body": None,
        "state": "open",
        "labels": [],
        "comments": number % 7,
        "created_at": created,
        "updated_at": created,
        "closed_at": None,
        "user": {"login": "ann"},
        **more,
    }


ISSUES = [
    issue(1, "2026-11-08T23:59:59Z", title="A crash on start-up"),
    issue(2, "2026-11-09T00:00:00Z", body="it does Crash, sometimes", state="closed"),
    issue(3, "2026-11-09T12:30:15Z", labels=[{"name": "good first issue"}, {"name": "bug"}]),
    issue(4, "2026-11-09T23:59:59Z", labels=[{"name": "bug"}], comments=40),
    issue(5, "2026-11-10T00:00:00Z", pull_request={"url": "x"}, labels=[{"name": "bug"}]),
    issue(6, "2026-11-10T00:00:01Z", repository_url="https://api.github.com/repos/Octo/Two"),
    issue(7, "2026-11-11T09:00:00Z", repository_url="https://api.github.com/repos/cat/two"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("github"), "github", ISSUES) as server:
        yield server


def search(server: ReplayServer, q: str | None, **params: Any) -> httpx.Response:
    return get(server, PATH, params={**({} if q is None else {"q": q}), **params})


def found(server: ReplayServer, q: str, **params: Any) -> list[int]:
    answer = search(server, q, **params)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def walk(server: ReplayServer, q: str, **params: Any) -> list[dict[str, Any]]:
    answer = search(server, q, **params)
    items = answer.json()["items"]
    while "next" in answer.links:
        answer = CLIENT.get(answer.links["next"]["url"])
        items += answer.json()["items"]
    return items


# --- q -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("is:issue", [7, 6, 4, 3, 2, 1]),
        ("is:pull-request", [5]),
        ("is:pr type:issue", [7, 6, 5, 4, 3, 2, 1]),
        ("type:pr", [5]),
        ("is:issue repo:octo/one", [4, 3, 2, 1]),
        ("is:issue repo:octo/two", [6]),
        ("is:issue repo:OCTO/ONE repo:cat/two", [7, 4, 3, 2, 1]),
        ("is:issue org:octo -repo:octo/two", [4, 3, 2, 1]),
        ("is:issue state:closed", [2]),
        ("is:issue is:open repo:octo/one", [4, 3, 1]),
        ("is:issue label:bug", [4, 3]),
        ('is:issue label:"good first issue"', [3]),
        ('is:issue label:bug -label:"good first issue"', [4]),
        ('is:issue label:"good first issue" label:bug', [3]),
        ('is:issue label:"good first issue","bug"', [4, 3]),
        ("is:issue label:nothing", []),
        ("is:issue author:ann comments:>5", [4, 6]),
        ("is:issue comments:1..2", [2, 1]),
        ("is:issue crash", [2, 1]),
        ("is:issue CRASH in:title", [1]),
        ("is:issue crash in:body", [2]),
        ('is:issue "crash on"', [1]),
        ('is:issue "on crash"', []),
        ("is:issue crash -start-up", [2]),
        ("is:issue cras", []),
    ],
)
def test_q_finds(server: ReplayServer, q: str, expected: list[int]) -> None:
    assert sorted(found(server, q)) == sorted(expected)


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-11-09", [2, 3, 4]),
        ("2026-11-09..2026-11-09", [2, 3, 4]),
        ("2026-11-09..2026-11-10", [2, 3, 4, 5, 6]),
        (">=2026-11-09", [2, 3, 4, 5, 6, 7]),
        (">2026-11-09", [5, 6, 7]),
        ("<=2026-11-09", [1, 2, 3, 4]),
        ("<2026-11-09", [1]),
        ("*..2026-11-08", [1]),
        ("2026-11-11..*", [7]),
        ("2026-11-09T00:00:00Z..2026-11-09T12:30:15Z", [2, 3]),
        ("2026-11-09T00:00:01Z..2026-11-09T12:30:14Z", []),
        ("2026-11-09T12:30:15Z", [3]),
        ("2026-11-09T12:30Z", [3]),
        (">2026-11-10T00:00:00Z", [6, 7]),
        (">=2026-11-10T00:00:00Z", [5, 6, 7]),
        ("<2026-11-10T00:00:00Z", [1, 2, 3, 4]),
        ("<=2026-11-10T00:00:00Z", [1, 2, 3, 4, 5]),
        ("<=2026-11-10T01:00:00+01:00", [1, 2, 3, 4, 5]),
    ],
)
def test_created_takes_days_and_seconds_and_both_ends(
    server: ReplayServer, created: str, expected: list[int]
) -> None:
    assert sorted(found(server, f"is:issue is:pr created:{created}")) == expected


@pytest.mark.parametrize(
    ("q", "message"),
    [
        ("crash", "Query must include 'is:issue' or 'is:pull-request'"),
        ("repo:octo/one", "Query must include 'is:issue' or 'is:pull-request'"),
        ("is:issue nonsense:1", "The search query contains invalid syntax."),
        ("is:issue is:merged", "The search query contains invalid syntax."),
        ("is:issue sort:created", "The search query contains invalid syntax."),
        ("is:issue a OR b", "The search query contains invalid syntax."),
        ("is:issue created:=>2026-11-09", "The search query contains invalid syntax."),
        (
            "is:issue created:2026-13-01",
            '"2026-13-01" is not a recognized date/time format.'
            " Please provide an ISO 8601 date/time value, such as YYYY-MM-DD.",
        ),
        (
            "is:issue created:yesterday",
            '"yesterday" is not a recognized date/time format.'
            " Please provide an ISO 8601 date/time value, such as YYYY-MM-DD.",
        ),
        (
            "is:issue repo:no/body",
            "The listed users and repositories cannot be searched either"
            " because the resources do not exist or you do not have permission to view them.",
        ),
        ("is:issue " + "word " * 65, "The search is longer than 256 characters."),
    ],
)
def test_a_q_that_github_refuses_is_422(server: ReplayServer, q: str, message: str) -> None:
    answer = search(server, q)
    assert answer.status_code == 422
    body = answer.json()
    assert body["status"] == "422" and body["documentation_url"].startswith("https://docs.github")
    if message.startswith("Query"):
        assert body["message"] == message and "errors" not in body
    else:
        [error] = body["errors"]
        assert body["message"] == "Validation Failed"
        assert error == {"message": message, "resource": "Search", "field": "q", "code": "invalid"}


def test_no_q_is_missing(server: ReplayServer) -> None:
    for q in (None, "", " "):
        answer = search(server, q)
        assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")
        assert answer.json()["errors"] == [{"resource": "Search", "field": "q", "code": "missing"}]


# --- order and pages -----------------------------------------------------------------------------


def test_sorts_have_the_highest_first_unless_asked(server: ReplayServer) -> None:
    assert found(server, "is:issue") == [7, 6, 4, 3, 2, 1]
    assert found(server, "is:issue", sort="created", order="asc") == [1, 2, 3, 4, 6, 7]
    assert found(server, "is:issue", sort="comments") == [4, 6, 3, 2, 1, 7]
    assert found(server, "is:issue", sort="undefined", order="asc") == [7, 6, 4, 3, 2, 1]


def test_items_are_as_recorded_with_a_score(server: ReplayServer) -> None:
    [item] = search(server, "is:issue created:2026-11-08").json()["items"]
    assert item == ISSUES[0] | {"score": 1.0}
    assert '"score":1.0' in search(server, "is:issue").text


def test_links_name_the_pages_around(server: ReplayServer) -> None:
    first = search(server, "is:issue", per_page=2)
    assert list(first.links) == ["next", "last"]
    second = CLIENT.get(first.links["next"]["url"])
    assert list(second.links) == ["prev", "next", "last", "first"]
    last = CLIENT.get(second.links["last"]["url"])
    assert list(last.links) == ["prev", "first"]
    assert [item["id"] for page in (first, second, last) for item in page.json()["items"]] == [
        7,
        6,
        4,
        3,
        2,
        1,
    ]
    assert httpx.URL(last.links["first"]["url"]).params["per_page"] == "2"
    assert "link" not in search(server, "is:issue").headers


def test_a_size_or_page_that_makes_no_sense_is_the_default(server: ReplayServer) -> None:
    for params in (
        {"per_page": 0},
        {"per_page": "x"},
        {"page": 0},
        {"page": "-1"},
        {"per_page": 1000},
    ):
        assert len(found(server, "is:issue", **params)) == 6


def test_the_1000_cap_as_measured(tmp_path: Path) -> None:
    with serving(tmp_path, "github", [issue(n) for n in range(1, 1051)]) as server:
        first = search(server, "is:issue")
        assert first.json()["total_count"] == 1050
        assert httpx.URL(first.links["last"]["url"]).params["page"] == "34"  # as recorded
        assert len(found(server, "is:issue", page=34)) == 30
        assert "next" not in search(server, "is:issue", page=34).links
        for page, size in ((35, 30), (11, 100)):
            answer = search(server, "is:issue", page=page, per_page=size)
            assert answer.status_code == 422
            assert answer.json() == {
                "message": "Only the first 1000 search results are available",
                "documentation_url": "https://docs.github.com/v3/search/",
                "status": "422",
            }
        assert len(walk(server, "is:issue", per_page=100)) == 1000
        assert search(server, "is:pr", page=11, per_page=100).status_code == 422
        assert found(server, "is:pr", page=10, per_page=100) == []


def test_a_lower_cap_makes_windows_needed_on_few_items(tmp_path: Path) -> None:
    with serving(tmp_path, "github", ISSUES, quirks=["cap:4"]) as server:
        assert len(walk(server, "is:issue", per_page=2)) == 4
        assert search(server, "is:issue", per_page=2).json()["total_count"] == 6
        assert search(server, "is:issue", per_page=2, page=3).status_code == 422


def test_a_deprecation_may_come_first_in_link(tmp_path: Path) -> None:
    with serving(tmp_path, "github", ISSUES, quirks=["deprecation-link"]) as server:
        answer = search(server, "is:issue", per_page=4)
        assert answer.headers["link"].startswith(DEPRECATION + ", <")
        assert list(answer.links) == ["deprecation", "next", "last"]
        assert search(server, "is:issue").headers["link"] == DEPRECATION  # as recorded


@pytest.mark.parametrize("folder", folders("github"), ids=folder_name)
def test_days_and_pages_of_recorded_issues_hold_each_once(folder: Path) -> None:
    recorded = lines(folder, "github")
    days = sorted({item["created_at"][:10] for item in recorded})
    with ReplayServer(folder, quota=0) as server:
        served = [
            item
            for kind in ("issue", "pull-request")
            for day in days
            for item in walk(server, f"is:{kind} created:{day}", per_page=100, sort="created")
        ]
        repositories = {i["repository_url"].partition("/repos/")[2] for i in recorded}
        q = " ".join(f"repo:{name}" for name in repositories)
        both = search(server, f"{q} is:issue is:pr").json()
    expected = Counter(json.dumps(item | {"score": 1.0}, sort_keys=True) for item in recorded)
    assert Counter(json.dumps(item, sort_keys=True) for item in served) == expected
    assert both["total_count"] == len(recorded)


# --- who asks, and how often ---------------------------------------------------------------------


def test_a_request_without_user_agent_is_403_as_recorded(server: ReplayServer) -> None:
    answer = get(server, PATH, headers={"User-Agent": ""}, params={"q": "is:issue"})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/octet-stream"
    body = {
        "message": "Missing or invalid User Agent string."
        " See http://developer.github.com/v3/#user-agent-required"
    }
    assert answer.json() == body
    recorded = recorded_errors("api.github.com", 403)
    assert not recorded or body in [json.loads(text) for text in recorded]


def test_bad_credentials_are_401_with_the_recorded_message(server: ReplayServer) -> None:
    answer = get(server, PATH, headers={"Authorization": "Bearer " + "ghp_invalid"})
    assert answer.status_code == 401 and answer.json()["message"] == "Bad credentials"
    recorded = [json.loads(text) for text in recorded_errors("api.github.com", 401)]
    assert not recorded or {"message": "Bad credentials"} in recorded
    good = {
        "Authorization": "Bearer ghp_x",
        "X-GitHub-Api-Version": "2022-11-28",
        "Accept": "application/vnd.github+json",
    }
    assert get(server, f"{PATH}?q=is:issue", headers=good).status_code == 200


def test_unknown_paths_are_404(server: ReplayServer) -> None:
    for path in ("/github", "/github/", "/github/search/code", "/github/repos/a/b"):
        assert get(server, path).json()["message"] == "Not Found"


@pytest.mark.parametrize(("token", "quota"), [(None, 10), ("ghp_a", 30)])
def test_the_limit_is_10_a_minute_and_30_with_a_token(
    tmp_path: Path, token: str | None, quota: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    path = f"{PATH}?q=is:issue"
    clock, quirks = Clock(), ["short-window:2"]
    with serving(tmp_path, "github", ISSUES, quota=1, quirks=quirks, clock=clock) as server:
        answers = [get(server, path, headers=headers) for _ in range(quota + 1)]
        assert get(server, path, headers={"Authorization": "Bearer other"}).status_code == 200
        clock.now += 2
        assert get(server, path, headers=headers).status_code == 200
    assert [answer.status_code for answer in answers] == [200] * quota + [403]
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
    assert left == [*range(quota - 1, -1, -1), 0]
    refused = answers[-1]
    assert refused.json()["message"].startswith("API rate limit exceeded for ")
    assert refused.headers["x-ratelimit-limit"] == refused.headers["x-ratelimit-used"] == str(quota)
    assert refused.headers["x-ratelimit-resource"] == "search"
    assert 0 <= int(refused.headers["x-ratelimit-reset"]) - time.time() + 3 < 6
    recorded = [json.loads(text)["message"] for text in recorded_errors("api.github.com", 403)]
    exceeded = [text for text in recorded if text.lower().startswith("api rate limit exceeded for")]
    assert not recorded or exceeded


# --- faults --------------------------------------------------------------------------------------


def struck(tmp_path: Path, kind: str) -> httpx.Response:
    with serving(tmp_path, "github", ISSUES, faults=[f"{kind}:1"]) as server:
        return search(server, "is:issue")


def test_the_secondary_limit_has_its_form_and_a_remaining_quota(tmp_path: Path) -> None:
    answer = struck(tmp_path, "github-secondary")
    assert (answer.status_code, answer.headers["retry-after"]) == (403, "1")
    assert int(answer.headers["x-ratelimit-remaining"]) > 0
    assert answer.json()["message"].startswith("You have exceeded a secondary rate limit.")
    reported = [json.loads(text) for text in recorded_errors("github", 403) if "secondary" in text]
    assert answer.json() in (reported or [answer.json()])
    assert {json.dumps(sorted(body)) for body in reported} <= {
        json.dumps(["documentation_url", "message"])
    }


def test_the_primary_limit_as_fault_says_when_it_is_over(tmp_path: Path) -> None:
    answer = struck(tmp_path, "429")
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (403, "0")
    assert int(answer.headers["x-ratelimit-reset"]) <= time.time() + 1
    assert "retry-after" not in answer.headers


def test_429_is_the_other_form_of_the_secondary_limit(tmp_path: Path) -> None:
    answer = struck(tmp_path, "429-retry-after")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert "secondary rate limit" in answer.json()["message"]


def test_server_errors_have_the_recorded_bodies(tmp_path: Path) -> None:
    internal, gateway, unavailable = (struck(tmp_path, kind) for kind in ("500", "502-html", "503"))
    assert (internal.status_code, internal.json()) == (500, {"error": "Server Error"})
    assert (gateway.status_code, gateway.headers["content-type"]) == (502, "text/html")
    assert unavailable.status_code == 503
    assert unavailable.text.startswith("<html><body><h1>503 Service Unavailable</h1>")
    assert unavailable.headers["content-type"] == "application/json; charset=utf-8"
    recorded = recorded_errors("api.github.com", 503)
    assert not recorded or unavailable.text in recorded
    recorded = recorded_errors("api.github.com", 500)
    assert not recorded or internal.json() in [json.loads(text) for text in recorded]


def test_an_incomplete_answer_lacks_rows_and_says_so(tmp_path: Path) -> None:
    answer = struck(tmp_path, "incomplete").json()
    assert answer["incomplete_results"] is True and answer["total_count"] == 6
    assert [item["id"] for item in answer["items"]] == [6, 4, 2, 1]


def test_every_own_kind_is_a_kind_and_is_counted(tmp_path: Path) -> None:
    assert set(faults.OWNERS) <= set(faults.KINDS)
    with serving(tmp_path, "github", ISSUES, faults=["incomplete:1"]) as server:
        search(server, "is:issue")
    assert server.requests == [("GET", f"{PATH}?q=is%3Aissue", "incomplete")]
