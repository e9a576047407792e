"""GitHub's issues: what is kept of one, and days covered within 1,000 results."""

import random
from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError
from assay.extract.posts import github
from assay.extract.posts.github import GitHub, parse_rate_limit
from assay.extract.posts.post import Post
from assay.extract.posts.windows import Window
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Script, VirtualClock
from tests.extract.posts.helpers import (
    DAY,
    NEXT,
    START,
    answer,
    api,
    asked,
    covered,
    gap_free,
    ids,
    issue,
    only,
    posts,
    scripted_api,
    utc,
)
from tests.sample.apis.post_replays import serving

QUERY, TOKEN = "repo:octo/one", "ghp_secretsecret"


def of(server: ReplayServer, token: str | None = TOKEN, **more: Any) -> GitHub:
    return GitHub(api(f"{server.url}/github", parse_rate_limit, **more), [QUERY], token)


def scripted(*answers: Any, token: str | None = TOKEN, **more: Any) -> tuple[GitHub, Script]:
    session, script = scripted_api(parse_rate_limit, *answers, **more)
    return GitHub(session, [QUERY], token), script


def page(*items: Any, total: int | None = None, **more: Any) -> dict[str, Any]:
    found = {"total_count": len(items) if total is None else total, "incomplete_results": False}
    return {**found, "items": list(items), **more}


def native(*numbers: int) -> list[str]:
    return sorted(str(issue(number)["id"]) for number in numbers)


# --- posts ---------------------------------------------------------------------------------------


def test_an_issue_becomes_a_post_with_nothing_of_its_author_in_raw() -> None:
    item = issue(7, utc(DAY, 12, 30, 15), assignee={"login": "octo-ann"}, body="It **breaks**.")
    assert github.post(item) == Post(
        native_id="4100000007",
        url="https://github.com/octo/one/issues/7",
        title="It breaks, part 7",
        body="It **breaks**.",
        created_at=1_794_227_415,
        score=7,
        comment_count=3,
        author="octo-ann",
        link=None,
        raw={
            "id": 4_100_000_007,
            "node_id": "I_7",
            "number": 7,
            "repository_url": "https://api.github.com/repos/octo/one",
            "state": "open",
            "author_association": "NONE",
            "locked": False,
            "updated_at": "2026-11-09T12:31:15Z",
            "labels": ["bug"],
        },
    )


def test_what_an_issue_lacks_is_empty() -> None:
    bare = {
        "id": 1,
        "html_url": "https://github.com/o/r/issues/1",
        "title": "x",
        "created_at": "2026-11-09T01:00:00+01:00",
    }
    expected = Post(
        "1", bare["html_url"], "x", None, START, None, None, None, None, {"id": 1, "labels": []}
    )
    empty = dict.fromkeys(("body", "user", "labels", "reactions", "comments", "closed_at"))
    assert github.post(bare) == github.post({**bare, **empty}) == expected
    odd = {
        "body": 5,
        "user": "ann",
        "labels": ["bug", {"name": None}, {}],
        "reactions": [],
        "comments": 2.0**80,
    }
    assert github.post({**bare, **odd}) == expected


def test_an_issue_without_an_id_is_known_by_its_page() -> None:
    found = github.post({**issue(7), "id": None})
    assert found.native_id == found.url == "https://github.com/octo/one/issues/7"


def test_what_is_no_issue_is_dropped_and_counted() -> None:
    items = [
        issue(1),
        issue(2, pull_request={"url": "x"}),
        issue(3, title=None),
        "no object",
        issue(4, created_at="yesterday"),
        {"id": 5},
        None,
        issue(6, html_url=None),
    ]
    source, _ = scripted(answer(page(*items)))
    _, reading = only(source, QUERY)
    assert [post.native_id for post in reading.posts] == native(1)
    assert reading.received == 8
    assert reading.dropped == {
        "pull request": 1,
        "no title": 1,
        "not an object": 2,
        "no time": 1,
        "no address": 2,
    }
    assert not reading.truncated


# --- days and windows ----------------------------------------------------------------------------


def test_a_day_is_asked_from_its_first_to_its_last_second_and_holds_no_pull_request(
    tmp_path: Any,
) -> None:
    items = [
        issue(1, START - 1),
        issue(2, START),
        issue(3, START + 86_399),
        issue(4, START + 86_400),
        issue(5, START + 9, pull_request={"url": "x"}),
        issue(6, START + 9, repository_url="https://api.github.com/repos/cat/two"),
    ]
    with serving(tmp_path, "github", items) as server:
        day, following = covered(of(server), QUERY, DAY, NEXT)
    assert (ids([day]), ids([following])) == (native(2, 3), native(4))
    assert [window for window, _ in day.windows] == [Window.of_day(DAY)]
    assert (day.source, day.query, day.day) == ("github", QUERY, DAY)


def test_a_running_day_is_asked_up_to_now() -> None:
    source, script = scripted(answer(page()))
    window, reading = only(source, QUERY, now=utc(DAY, 6))
    assert window == Window(START, utc(DAY, 6))
    assert (reading.posts, reading.final) == ([], True)
    assert asked(script) == [
        {
            "q": "repo:octo/one is:issue created:2026-11-09T00:00:00Z..2026-11-09T05:59:59Z",
            "sort": "created",
            "order": "asc",
            "per_page": "100",
            "page": "1",
        }
    ]


def test_a_day_that_has_not_begun_is_not_asked_at_all() -> None:
    source, script = scripted()
    [day] = covered(source, QUERY, now=START - 5)
    assert (day.windows, script.seen) == ([], [])


@pytest.mark.parametrize("quirks", [[], ["deprecation-link"]], ids=["plain", "deprecation-link"])
def test_1000_issues_are_ten_pages_of_one_window(tmp_path: Any, quirks: list[str]) -> None:
    items = [issue(n, START + 80 * n) for n in range(1000)]
    with serving(tmp_path, "github", items, quirks=quirks) as server:
        _, reading = only(of(server), QUERY)
        assert len(server.requests) == 10
    assert sorted(post.native_id for post in reading.posts) == native(*range(1000))
    assert (reading.received, reading.truncated, reading.final) == (1000, False, True)


def test_a_day_of_1001_issues_is_halved(tmp_path: Any) -> None:
    items = [issue(n, START + 80 * n) for n in range(1001)]
    with serving(tmp_path, "github", items) as server:
        [day] = covered(of(server), QUERY)
    assert [(str(window), reading.received) for window, reading in day.windows] == [
        ("2026-11-09T00:00:00Z..2026-11-09T12:00:00Z", 540),
        ("2026-11-09T12:00:00Z..2026-11-10T00:00:00Z", 461),
    ]
    assert ids([day]) == native(*range(1001))


def test_more_than_1000_of_one_second_are_cut_off_and_everything_else_is_read(
    tmp_path: Any,
) -> None:
    crowd = utc(DAY, 17, 17, 17)
    items = [issue(n, crowd) for n in range(1003)] + [issue(2000, crowd - 1), issue(3000, START)]
    with serving(tmp_path, "github", items) as server:
        [day] = covered(of(server), QUERY)
    assert gap_free(day)
    [(window, cut)] = [entry for entry in day.windows if entry[1].truncated]
    assert window == Window(crowd, crowd + 1)
    assert (cut.reason, cut.final) == ("1,003 in one second: the API gives 1,000", True)
    assert (len(cut.posts), cut.received) == (1000, 1000)
    assert len(posts([day])) == 1002
    assert {*native(2000, 3000)} < {*ids([day])}


@pytest.mark.parametrize("seed", range(3))
def test_any_day_is_read_whole_whatever_the_cap(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw, cap = random.Random(seed), 12
    monkeypatch.setattr(github, "MAX_RESULTS", cap)
    monkeypatch.setattr(github, "PAGE", 4)
    crowds = [draw.randrange(86_400) for _ in range(4)]
    items = [issue(n, START + draw.choice([*crowds, draw.randrange(86_400)])) for n in range(120)]
    with serving(tmp_path, "github", items, quirks=[f"cap:{cap}"]) as server:
        [day] = covered(of(server), QUERY)
    assert gap_free(day)
    for window, reading in day.windows:
        there = sum(window.start <= START + _second(item) < window.end for item in items)
        assert (len(reading.posts), reading.truncated) == (min(there, cap), there > cap)
        assert there <= cap or window.seconds == 1
    assert len(set(ids([day]))) == len(ids([day]))


def _second(item: dict[str, Any]) -> int:
    hours, minutes, seconds = item["created_at"][11:19].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


# --- answers that hold back ----------------------------------------------------------------------


def test_incomplete_results_are_read_three_times_and_then_told(tmp_path: Any) -> None:
    items = [issue(n, START + n) for n in range(9)]
    clock = VirtualClock()
    with serving(tmp_path, "github", items, faults=["incomplete:1"]) as server:
        _, reading = only(of(server, clock=clock), QUERY)
    assert (reading.truncated, reading.reason, reading.final) == (True, "incomplete_results", False)
    assert len(reading.posts) == 6
    assert clock.monotonic() == 12.0, "4 s and 8 s lie between three readings"


def test_incomplete_results_that_become_complete_are_complete() -> None:
    items = [issue(1), issue(2)]
    source, script = scripted(
        answer(page(items[0], total=2, incomplete_results=True)),
        answer(page(total=2)),
        answer(page(*items)),
    )
    _, reading = only(source, QUERY)
    assert [post.native_id for post in reading.posts] == native(1, 2)
    assert (reading.truncated, reading.reason, reading.final) == (False, None, True)
    assert script.starts == [0.0, 0.0, 4.0]


def test_a_promised_total_that_never_comes_is_read_three_times_and_told() -> None:
    once = [answer(page(issue(1), issue(2), total=5)), answer(page(total=5))]
    source, script = scripted(*once * 3)
    _, reading = only(source, QUERY)
    assert (reading.reason, reading.final) == ("the API gave 2 of 5", False)
    assert script.starts == [0.0, 0.0, 4.0, 4.0, 12.0, 12.0]
    assert [post.native_id for post in reading.posts] == native(1, 2)


def test_an_answer_without_items_or_total_is_refused() -> None:
    for body in ({"total_count": 3}, {"items": []}, {"items": {}, "total_count": 0}):
        source, _ = scripted(answer(body))
        with pytest.raises(SourceRefusedError, match="The API: a search without"):
            covered(source, QUERY)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"user": {"login": "ada", "type": "User"}}, "User"),
        ({"user": {"login": "dependabot[bot]"}}, "Bot"),
        ({"user": {"login": "ci", "type": "Bot"}}, "Bot"),
        ({"user": {"login": "ada"}, "performed_via_github_app": {"slug": "sync"}}, "Bot"),
        ({"user": {"login": "ada"}}, None),
        ({"user": None}, None),
    ],
)
def test_of_an_author_it_is_kept_whether_it_is_a_program(
    more: dict[str, Any], kind: str | None
) -> None:
    made = github.post(issue(1, START) | more)
    assert isinstance(made, Post)
    assert made.raw.get("author_type") == kind
    assert "ada" not in str(made.raw)
