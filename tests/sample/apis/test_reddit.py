"""The replayed Reddit: tokens that expire, listings that end early, and its forms of refusal."""

from __future__ import annotations

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

TOKEN = "/reddit/www/api/v1/access_token"  # noqa: S105
BLOCKED = (
    "<!doctype html><html><head><title>Blocked</title></head><body><h1>whoa there, pardner!</h1>"
    "<p>Your request has been blocked due to a network policy.</p></body></html>"
)


def post(name: str, created: float, sub: str = "Python", **more: Any) -> dict[str, Any]:
    data = {
        "id": name,
        "name": f"t3_{name}",
        "subreddit": sub,
        "title": f"R&D <{name}>",
        "selftext": "a &amp; b",
        "created_utc": created,
        "stickied": False,
        "edited": False,
        **more,
    }
    return {"kind": "t3", "data": data}


POSTS = [
    post("a", DAY + 1.0),
    post("b", DAY + 3.0),
    post("c", DAY + 2.0, stickied=True),
    post("10", DAY + 3.0),
    post("d", DAY + 9.0, "learnpython"),
    post("e", DAY + 8.0, "Secret", subreddit_type="private"),
    post("f", DAY + 7.0, "Ferguson", quarantine=True),
    {
        "kind": "t1",
        "data": {
            "id": "c1",
            "name": "t1_c1",
            "subreddit": "mixed",
            "body": "x",
            "created_utc": DAY + 5.0,
        },
    },
    post("g", DAY + 4.0, "mixed"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("reddit"), "reddit", POSTS) as server:
        yield server


def login(server: ReplayServer, client: str = "id", **form: Any) -> httpx.Response:
    form = form or {"grant_type": "client_credentials"}
    return CLIENT.post(server.url + TOKEN, data=form, auth=(client, "secret"))


def bearer(server: ReplayServer, client: str = "id") -> dict[str, str]:
    return {"Authorization": f"bearer {login(server, client).json()['access_token']}"}


def new(server: ReplayServer, sub: str, **params: Any) -> httpx.Response:
    headers = params.pop("headers", None) or bearer(server)
    return get(server, f"/reddit/oauth/r/{sub}/new", headers=headers, params=params)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [child["data"]["name"] for child in answer.json()["data"]["children"]]


def walk(server: ReplayServer, sub: str, **params: Any) -> list[dict[str, Any]]:
    headers, children, after = bearer(server), [], None
    while True:
        page = {"after": after, "count": len(children)} if after else {}
        data = new(server, sub, headers=headers, raw_json=1, **params, **page).json()["data"]
        children += data["children"]
        after = data["after"]
        if after is None:
            return children


# --- tokens --------------------------------------------------------------------------------------


def test_a_token_is_given_for_client_credentials(server: ReplayServer) -> None:
    answer = login(server)
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("access_token")
    assert body == {"token_type": "bearer", "expires_in": 86400, "scope": "*"}
    assert ("POST", TOKEN, 200) in server.requests


def test_bad_credentials_are_401_as_documented(server: ReplayServer) -> None:
    body = {"message": "Unauthorized", "error": 401}
    answers = [
        login(server, "invalid"),
        CLIENT.post(server.url + TOKEN),
        CLIENT.post(server.url + TOKEN, headers={"Authorization": "Basic !!"}),
        CLIENT.post(server.url + TOKEN, auth=("id", "")),
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(401, body)] * 4
    recorded = [json.loads(text) for text in recorded_errors("oauth.reddit.com", 401)]
    assert not recorded or body in recorded


def test_another_grant_is_an_error_of_status_200(server: ReplayServer) -> None:
    answer = login(server, grant_type="password")
    assert (answer.status_code, answer.json()) == (200, {"error": "unsupported_grant_type"})


def test_a_token_ends_with_its_life(tmp_path: Path) -> None:
    clock = Clock()
    with serving(tmp_path, "reddit", POSTS, quirks=["token-life:1"], clock=clock) as server:
        assert login(server).json()["expires_in"] == 1
        headers = bearer(server)
        assert new(server, "python", headers=headers).status_code == 200
        clock.now += 1
        assert new(server, "python", headers=headers).status_code == 401


def test_a_listing_without_good_token_is_401(server: ReplayServer) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "bearer no"}):
        answer = new(server, "python", headers=headers)
        assert (answer.status_code, answer.json()) == (
            401,
            {"message": "Unauthorized", "error": 401},
        )
        assert answer.headers["www-authenticate"] == 'Bearer realm="reddit", error="invalid_token"'
        assert "x-ratelimit-used" not in answer.headers


@pytest.mark.parametrize("agent", ["", "python-requests/2.32.3", "python-httpx/0.28.1"])
def test_who_does_not_name_itself_is_blocked(server: ReplayServer, agent: str) -> None:
    headers = bearer(server) | {"User-Agent": agent}
    for answer in (
        new(server, "python", headers=headers),
        CLIENT.post(server.url + TOKEN, headers=headers),
    ):
        assert (answer.status_code, answer.text) == (403, BLOCKED)


def test_the_www_host_gives_html_with_or_without_token(server: ReplayServer) -> None:
    for headers in ({}, bearer(server)):
        answer = get(server, "/reddit/www/r/python/new.json", headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html")
        assert answer.text == BLOCKED
        assert answer.text in (recorded_errors("reddit", 403) or [BLOCKED])


# --- listings ------------------------------------------------------------------------------------


def test_a_listing_is_newest_first_with_ties_by_id(server: ReplayServer) -> None:
    answer = new(server, "PYTHON")
    assert names(answer) == ["t3_10", "t3_b", "t3_c", "t3_a"]
    data = answer.json()["data"]
    assert answer.json()["kind"] == "Listing"
    assert (data["dist"], data["after"], data["before"]) == (4, None, None)
    assert set(data) == {"after", "dist", "modhash", "geo_filter", "children", "before"}
    spelled = get(server, "/reddit/oauth/r/Python/new.json", headers=bearer(server))
    assert spelled.content == answer.content


def test_after_and_before_turn_pages(server: ReplayServer) -> None:
    first = new(server, "python", limit=2)
    assert (names(first), first.json()["data"]["after"]) == (["t3_10", "t3_b"], "t3_b")
    second = new(server, "python", limit=2, after="t3_b", count=2)
    assert (names(second), second.json()["data"]["after"]) == (["t3_c", "t3_a"], None)
    assert second.json()["data"]["before"] == "t3_c"
    assert names(new(server, "python", limit=2, before="t3_c")) == ["t3_10", "t3_b"]
    assert names(new(server, "python", limit=2, after="t3_none")) == ["t3_10", "t3_b"]
    assert names(new(server, "python", after="t3_d")) == []


def test_subreddits_add_up_and_kinds_mix(server: ReplayServer) -> None:
    assert names(new(server, "python+learnpython", limit=2)) == ["t3_d", "t3_10"]
    mixed = new(server, "mixed").json()["data"]["children"]
    assert [child["kind"] for child in mixed] == ["t1", "t3"]
    assert names(new(server, "all"))[:3] == ["t3_d", "t3_e", "t3_f"]


def test_texts_are_escaped_unless_raw_json_is_asked(server: ReplayServer) -> None:
    raw = new(server, "learnpython", raw_json=1).json()["data"]["children"]
    assert raw == [POSTS[4]]
    [escaped] = new(server, "learnpython").json()["data"]["children"]
    assert escaped["data"]["title"] == "R&amp;D &lt;d&gt;"
    assert escaped["data"]["selftext"] == "a &amp;amp; b"
    assert escaped["data"]["created_utc"] == DAY + 9.0 and escaped["data"]["edited"] is False


def test_private_and_quarantined_subreddits_are_open_to_whom_they_let_in(
    server: ReplayServer,
) -> None:
    assert names(new(server, "secret")) == ["t3_e"]
    assert names(new(server, "ferguson")) == ["t3_f"]


def test_private_unknown_and_quarantined_subreddits_are_refused(tmp_path: Path) -> None:
    with serving(tmp_path, "reddit", POSTS, quirks=["closed-subs"]) as server:
        private = new(server, "secret")
        quarantined = new(server, "ferguson")
        missing = new(server, "nowhere")
        assert names(new(server, "all"))[:3] == ["t3_d", "t1_c1", "t3_g"]
    assert private.status_code == 403
    assert private.json() == {"reason": "private", "message": "Forbidden", "error": 403}
    body = {"message": "Forbidden", "error": 403}
    assert (quarantined.status_code, quarantined.json()) == (403, body)
    assert (missing.status_code, missing.json()) == (404, {"message": "Not Found", "error": 404})
    for status, answer in ((403, quarantined), (404, missing)):
        recorded = [t for t in recorded_errors("oauth.reddit.com", status) if t.startswith("{")]
        assert not recorded or answer.json() in [json.loads(text) for text in recorded]


def test_an_unknown_subreddit_may_redirect_to_the_search(tmp_path: Path) -> None:
    with serving(tmp_path, "reddit", POSTS, quirks=["sub-redirect"]) as server:
        answer = new(server, "nowhere")
        assert answer.status_code == 302
        location = f"{server.url}/reddit/oauth/subreddits/search.json?q=nowhere"
        assert answer.headers["location"] == location
        followed = CLIENT.get(location, headers=bearer(server)).json()
        assert followed["data"]["children"] == []


def test_a_listing_ends_at_1000_whatever_the_paging(tmp_path: Path) -> None:
    items = [post(f"{n:x}", DAY + float(n)) for n in range(1, 1101)]
    with serving(tmp_path, "reddit", items) as server:
        for limit in (100, 70, 500):
            served = walk(server, "python", limit=limit)
            assert [c["data"]["created_utc"] - DAY for c in served] == [*range(1100, 100, -1)]
        assert names(new(server, "python", after="t3_1")) == []  # beyond the end


def test_a_sticky_is_one_child_more_on_the_first_page_only(tmp_path: Path) -> None:
    items = [post(f"{n:x}", DAY + float(n), stickied=n == 5) for n in range(1, 151)]
    with serving(tmp_path, "reddit", items, quirks=["sticky"]) as server:
        first = new(server, "python", limit=100)
        assert len(names(first)) == first.json()["data"]["dist"] == 101
        assert names(first)[:2] == ["t3_5", "t3_96"]
        served = [child["data"]["name"] for child in walk(server, "python", limit=100)]
    assert len(served) == 151 and len(set(served)) == 150


@pytest.mark.parametrize("folder", folders("reddit"), ids=folder_name)
def test_recorded_subreddits_are_walked_whole(folder: Path) -> None:
    recorded = lines(folder, "reddit")
    subs = {child["data"]["subreddit"].lower() for child in recorded}
    with ReplayServer(folder, quota=0) as server:
        served = []
        for sub in sorted(subs):
            found = walk(server, sub, limit=100)
            created = [child["data"]["created_utc"] for child in found]
            assert created == sorted(created, reverse=True)
            served += found
    texts = Counter(json.dumps(child, sort_keys=True) for child in recorded)
    assert Counter(json.dumps(child, sort_keys=True) for child in served) == texts


# --- limits and faults ---------------------------------------------------------------------------


def test_the_window_has_1000_requests_for_each_client(tmp_path: Path) -> None:
    with serving(tmp_path, "reddit", POSTS, quota=1) as server:
        one, other = bearer(server), bearer(server, "other")
        with httpx.Client(base_url=server.url, headers={"User-Agent": "a/1"} | one) as client:
            answers = [client.get("/reddit/oauth/r/mixed/new?limit=1") for _ in range(1001)]
        assert new(server, "python", headers=other).status_code == 200
    assert [answer.status_code for answer in answers] == [200] * 1000 + [429]
    third = answers[2].headers
    assert (third["x-ratelimit-remaining"], third["x-ratelimit-used"]) == ("997.0", "3")
    assert 0 < int(third["x-ratelimit-reset"]) <= 600
    refused = answers[-1]
    assert refused.json() == {"message": "Too Many Requests", "error": 429}
    assert refused.headers["x-ratelimit-remaining"] == "0.0"


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("500", 500, {"message": "Internal Server Error", "error": 500}),
        ("503", 503, {"message": "Service Unavailable", "error": 503}),
        ("429", 429, {"message": "Too Many Requests", "error": 429}),
        ("429-bare", 429, {"message": "Too Many Requests", "error": 429}),
    ],
)
def test_server_errors_have_the_recorded_form(
    tmp_path: Path, kind: str, status: int, body: dict[str, Any]
) -> None:
    with serving(tmp_path, "reddit", POSTS, faults=[f"{kind}:1"]) as server:
        answer = login(server)
    assert (answer.status_code, answer.json()) == (status, body)
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    recorded = [json.loads(text) for text in recorded_errors("oauth.reddit.com", status)]
    assert not recorded or body in recorded
