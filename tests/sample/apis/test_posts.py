"""What the four APIs of posts share: which a folder has, forms, odd records."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.sample.apis import post_index as index
from assay.sample.apis.repo_index import loads
from assay.sample.replay import ReplayServer
from assay.sample.server.wire import Options
from tests.sample.apis.post_replays import CLIENT, DAY, FILES, folders, get, lines, serving

# --- which APIs a folder has ---------------------------------------------------------------------


def test_a_folder_serves_what_it_has_files_for(tmp_path: Path) -> None:
    with serving(tmp_path, "hackernews", [{"objectID": "1"}]) as server:
        assert get(server, "/hackernews/api/v1/search").json()["nbHits"] == 1
        for path in ("/api/models", "/github/search/issues", "/stackexchange/2.3/questions"):
            assert get(server, path).status_code == 404
    assert [outcome for *_, outcome in server.requests] == [200, 404, 404, 404]


def test_all_apis_are_served_at_one_port(tmp_path: Path) -> None:
    for name in FILES.values():
        (tmp_path / name).write_text("")
    (tmp_path / "hf_tasks.json").write_text("{}")
    (tmp_path / "hf_models.jsonl").write_text("")
    with ReplayServer(tmp_path) as server:
        assert get(server, "/api/tasks").json() == {}
        q = "/github/search/issues?q=repo:a/b is:issue"
        assert get(server, q).json() == {"total_count": 0, "incomplete_results": False, "items": []}
        site = "/stackexchange/2.3/questions?site=stackoverflow"
        assert get(server, site).json()["items"] == []
        assert get(server, "/hackernews/api/v1/search_by_date").json()["hits"] == []
        assert get(server, "/reddit/oauth/r/a/new").status_code == 401


def test_half_a_hub_is_refused_even_beside_posts(tmp_path: Path) -> None:
    (tmp_path / "hf_tasks.json").write_text("{}")
    with pytest.raises(FileNotFoundError, match=r"has no hf_models\.jsonl"):
        serving(tmp_path, "reddit")


@pytest.mark.parametrize(
    ("quirk", "says"),
    [
        ("stiky", "did you mean sticky"),
        ("cap", "write cap:N"),
        ("cap:0", "write cap:N"),
        ("sticky:2", "takes no number"),
    ],
)
def test_a_quirk_that_is_not_understood_names_the_cure(quirk: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        index.parse_quirks([quirk])


def test_quirks_have_their_numbers() -> None:
    assert index.parse_quirks(["sticky", "cap:50"]) == {"sticky": 1, "cap": 50}


def test_a_fault_of_one_api_leaves_the_others_alone(tmp_path: Path) -> None:
    (tmp_path / FILES["github"]).write_text("")
    faults = ["throttle:0.5", "github-secondary:0.5"]
    with serving(tmp_path, "hackernews", faults=faults, seed=3) as server:
        paths = [f"/hackernews/api/v1/search?page={n}" for n in range(30)]
        assert {get(server, path).status_code for path in paths} == {200}
        asked = [f"/github/search/issues?q=is:issue&page={n}" for n in range(1, 31)]
        assert {get(server, path).status_code for path in asked} == {200, 403}
    assert {outcome for *_, outcome in server.requests} == {200, "github-secondary"}


# --- the index -----------------------------------------------------------------------------------


def test_numbers_and_moments_that_are_none_are_unknown() -> None:
    assert index.epoch("2026-11-09T00:00:00Z") == index.epoch("2026-11-09") == DAY
    assert index.epoch(float(DAY)) == index.epoch("2026-11-09T01:00:00+01:00") == DAY
    assert index.whole("z", 36) == 35 and index.whole("12") == index.whole(12) == 12
    odd = [None, True, "x", [], {}, float("inf"), 10**400]
    assert np.isnan([index.epoch(value) for value in odd]).all()
    assert np.isnan([index.whole(value) for value in odd]).all()


def test_orders_have_the_highest_first_ties_by_id_and_unknown_last(tmp_path: Path) -> None:
    numbers = [(1, 5.0), (2, index.UNKNOWN), (3, 5.0), (4, 9.0), (5, index.UNKNOWN)]
    path = tmp_path / "items"
    path.write_text("".join(json.dumps({"n": n}) + "\n" for n in range(5)))

    def describe(item: dict[str, int]) -> index.Described:
        return {"id": numbers[item["n"]][0], "score": numbers[item["n"]][1]}, []

    items = index.Items(path, describe)
    assert items.order("score").tolist() == [3, 2, 0, 4, 1]
    everything = np.ones(5, dtype=bool)
    assert items.pick(everything, "score", ascending=True).tolist() == [1, 4, 0, 2, 3]


def test_lines_that_are_no_objects_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    items = ["", "{not json", "[1]", "null", {"objectID": "7", "_tags": ["story"]}]
    with caplog.at_level(logging.WARNING), serving(tmp_path, "hackernews", items) as server:
        hits = get(server, "/hackernews/api/v1/search").json()["hits"]
    assert hits == [items[-1]]
    assert [record.args[1] for record in caplog.records] == [2, 3, 4]


def test_callers_have_windows_of_their_own_and_none_without_quota() -> None:
    callers = index.Callers(Options(), 60)
    assert callers.take("a", 2)[:2] == (True, 1)
    assert callers.take("b", 2)[:2] == (True, 1)
    assert [callers.take("a", 2)[:2] for _ in range(2)] == [(True, 0), (False, 0)]
    off = index.Callers(Options(quota=0), 60)
    assert {off.take("a", 2) for _ in range(5)} == {(True, 2, 60)}
    assert index.Callers(Options(quirks={"short-window": 3}), 60).take(None, 9) == (True, 8, 3)


# --- odd records ---------------------------------------------------------------------------------

# fmt: off
ODD = [None, True, -1, 10**30, 1.5, 1794182400.0, "", "text", "\ud800", "1e5", [], ["a"],
       [None, "a"], {}, {"name": ["x"]}, {"total_count": "n"}, [{"name": "bug"}, {"name": 1}]]
KEYS = {
    "github": ["id", "repository_url", "title", "body", "labels", "state", "created_at", "user",
               "updated_at", "closed_at", "comments", "reactions", "pull_request"],
    "stackexchange": ["question_id", "tags", "creation_date", "last_activity_date", "score",
                      "title", "body", "owner"],
    "reddit": ["id", "name", "subreddit", "created_utc", "title", "selftext", "stickied",
               "subreddit_type", "quarantine"],
    "hackernews": ["objectID", "_tags", "created_at_i", "created_at", "points", "num_comments",
                   "title", "story_text", "url"],
}
# fmt: on


def odd_items(api: str, count: int) -> list[Any]:
    """Records whose keys hold anything, or are missing."""
    rng = random.Random(api)
    items = [
        {key: rng.choice(ODD) for key in KEYS[api] if rng.random() < 0.7} for _ in range(count)
    ]
    if api == "reddit":
        return [{"kind": rng.choice(ODD), "data": item} for item in items] + [{"data": None}, {}]
    return items


def canonical(item: Any) -> str:
    """An item as text, with integers above 64 bits as the floats that they are read as."""
    return json.dumps(loads(json.dumps(item).encode()), sort_keys=True)


@pytest.mark.parametrize(
    ("api", "paths"),
    [
        (
            "github",
            [
                f"/github/search/issues?per_page=100&sort={sort}&q={q}"
                for sort in ("created", "updated", "comments", "reactions", "interactions", "")
                for q in (
                    "is:issue",
                    "is:pr",
                    "is:issue text",
                    "is:issue created:>2026-01-01",
                    "is:issue label:bug",
                    "is:issue -state:open comments:>=0",
                )
            ],
        ),
        (
            "stackexchange",
            [
                f"/stackexchange/2.3/{method}?site=stackoverflow&sort={sort}&{more}"
                for method in ("questions", "search/advanced")
                for sort in ("creation", "activity", "votes")
                for more in ("", "tagged=a", "filter=withbody", f"fromdate={DAY}")
            ],
        ),
        (
            "hackernews",
            [
                f"/hackernews/api/v1/{method}?hitsPerPage=1000&{more}"
                for method in ("search", "search_by_date")
                for more in (
                    "",
                    "tags=a",
                    "query=text",
                    "numericFilters=points>-5",
                    "numericFilters=points!=1",
                )
            ],
        ),
        (
            "reddit",
            [
                "/reddit/oauth/r/all/new?limit=100",
                "/reddit/oauth/r/text/new",
                "/reddit/oauth/r/all/new?limit=100&raw_json=1",
            ],
        ),
    ],
)
def test_odd_records_crash_nothing_and_are_served_as_recorded(
    tmp_path: Path, api: str, paths: list[str]
) -> None:
    items = odd_items(api, 80)
    with serving(tmp_path, api, items) as server:
        headers = {}
        if api == "reddit":
            login = CLIENT.post(
                f"{server.url}/reddit/www/api/v1/access_token",
                data={"grant_type": "client_credentials"},
                auth=("id", "secret"),
            )
            headers = {"Authorization": f"bearer {login.json()['access_token']}"}
        answers = [get(server, path, headers=headers) for path in paths]
    assert {answer.status_code for answer in answers} <= {200, 404}
    assert answers[0].status_code == 200
    served = answers[-1 if api == "reddit" else 0].json()
    found = served.get("hits") or served.get("items") or served["data"]["children"]
    known = [canonical(item) for item in items]
    if api == "stackexchange":  # the default filter has no body
        known = [canonical({k: v for k, v in item.items() if k != "body"}) for item in items]
    for item in found:
        if api == "github":
            assert item.pop("score") == 1.0
        assert canonical(item) in known
    assert len(found) > 20


@pytest.mark.parametrize("api", [api for api in FILES if folders(api)])
def test_recorded_files_are_indexed_whole(api: str) -> None:
    for folder in folders(api):
        with ReplayServer(folder, quota=0) as server:
            [own] = [own for own in server.apis if own.needs == (FILES[api],)]
            assert own._items.size == len(lines(folder, api))
