"""Hacker News: stories with whatever Algolia leaves out, and days of more than 1,000 of them."""

import random
from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError, SourceUnavailableError
from assay.extract.posts import hackernews
from assay.extract.posts.hackernews import HackerNews
from assay.extract.posts.post import Post, QueryRefusedError
from assay.extract.posts.windows import Window
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Script
from tests.extract.posts.helpers import (
    AGENT,
    DAY,
    START,
    answer,
    api,
    asked,
    covered,
    gap_free,
    ids,
    only,
    posts,
    scripted_api,
    story,
    utc,
)
from tests.sample.apis.post_replays import serving

QUERY = "story"


def of(server: ReplayServer) -> HackerNews:
    return HackerNews(api(f"{server.url}/hackernews"), [QUERY])


def scripted(*answers: Any) -> tuple[HackerNews, Script]:
    session, script = scripted_api(None, *answers)
    return HackerNews(session, [QUERY]), script


def page(*hits: Any, total: int | None = None) -> Any:
    return answer({"hits": list(hits), "nbHits": len(hits) if total is None else total})


# --- posts ---------------------------------------------------------------------------------------


def test_a_story_becomes_a_post_whose_raw_does_not_name_the_author() -> None:
    assert hackernews.post(story(7, utc(DAY, 12))) == Post(
        native_id="7",
        url="https://news.ycombinator.com/item?id=7",
        title="Show HN: Loom 7",
        body=None,
        created_at=1_794_225_600,
        score=9,
        comment_count=5,
        author="annloom",
        link="https://loom.example/7",
        raw={
            "objectID": "7",
            "url": "https://loom.example/7",
            "story_id": 7,
            "updated_at": "2026-11-09T12:01:00Z",
            "_tags": ["story", "story_7", "show_hn"],
        },
    )


def test_a_story_without_a_link_of_its_own_is_its_own_page() -> None:
    item = story(7, url=None, story_text="<p>How do you?", title="Ask HN: How?")
    found = hackernews.post(item)
    del item["url"]
    assert found == hackernews.post(item)
    assert isinstance(found, Post)
    assert (found.link, found.url) == (None, "https://news.ycombinator.com/item?id=7")
    assert found.body == "<p>How do you?"


def comment(number: int, at: int = START, **more: Any) -> dict[str, Any]:
    """A comment as Algolia gives it."""
    tags = ["comment", "author_annloom", "story_7"]
    absent = dict.fromkeys(("title", "url", "points", "story_text", "num_comments"))
    named = {"story_id": 7, "story_title": "Looms", "story_url": "https://loom.example/7"}
    said = {"comment_text": "It <i>breaks</i> for us too", "parent_id": 9, "children": [11, 12]}
    return {**story(number, at), **absent, **named, **said, "_tags": tags, **more}


def test_a_comment_is_a_post_that_names_its_story_and_what_it_answers() -> None:
    assert hackernews.post(comment(10)) == Post(
        native_id="10",
        url="https://news.ycombinator.com/item?id=10",
        title="Re: Looms",
        body="It <i>breaks</i> for us too",
        created_at=START,
        score=None,
        comment_count=2,
        author="annloom",
        link=None,
        raw={
            "objectID": "10",
            "story_id": 7,
            "story_title": "Looms",
            "story_url": "https://loom.example/7",
            "parent_id": 9,
            "updated_at": "2026-11-09T00:01:00Z",
            "_tags": ["comment", "story_7"],
        },
    )


def test_of_comments_those_that_were_deleted_are_taken_back_and_the_others_kept() -> None:
    items = [comment(10), comment(11, comment_text=None), comment(12, story_title=None)]
    source, _ = scripted(page(*items, story(13, title=None, _tags=["pollopt", "story_7"])))
    _, reading = only(source, "comment loom")
    assert [post.native_id for post in reading.posts] == ["10"]
    assert [post.native_id for post in reading.removed] == ["11"]
    assert reading.dropped == {"deleted": 1, "no title": 1, "an option of a poll": 1}


@pytest.mark.parametrize("how", ["null", "absent"])
def test_what_a_story_lacks_is_empty(how: str) -> None:
    empty = dict.fromkeys(
        ("points", "num_comments", "url", "author", "story_text", "_tags", "story_id", "updated_at")
    )
    item = {**story(7), **empty}
    if how == "absent":
        item = {key: value for key, value in item.items() if key not in empty}
    assert hackernews.post(item) == Post(
        "7",
        "https://news.ycombinator.com/item?id=7",
        "Show HN: Loom 7",
        None,
        START,
        None,
        None,
        None,
        None,
        {"objectID": "7", "_tags": []},
    )


def test_what_is_no_story_is_dropped_and_counted() -> None:
    items = [
        story(1),
        story(2, title=None),
        story(3, title=" "),
        {"objectID": "4"},
        None,
        story(5, created_at_i=None),
        story(6, title=8),
    ]
    source, _ = scripted(page(*items))
    _, reading = only(source, QUERY)
    assert [post.native_id for post in reading.posts] == ["1"]
    assert reading.received == 7
    assert reading.dropped == {"deleted": 2, "no title": 2, "not an object": 1, "no time": 1}
    assert [gone.url for gone in reading.removed] == [hackernews.ITEM.format(n) for n in (2, 4)]
    assert (reading.truncated, reading.final) == (False, True)


# --- days and windows ----------------------------------------------------------------------------


def test_a_day_holds_its_first_and_last_second_and_only_what_the_query_names(tmp_path: Any) -> None:
    items = [story(n, START + at) for n, at in enumerate((-1, 0, 86_399, 86_400))]
    items.append(story(9, START + 5, _tags=["comment", "author_annloom"]))
    items.append(story(10, START + 5, _tags=["story"], title="Postgres, again", url=None))
    with serving(tmp_path, "hackernews", items) as server:
        assert ids(covered(of(server), QUERY)) == ["1", "10", "2"]
        assert ids(covered(of(server), "story postgres")) == ["10"]
        assert ids(covered(of(server), "show_hn")) == ["1", "2"]


def test_a_query_is_tags_and_words() -> None:
    source, script = scripted(page())
    covered(source, "(story,poll) flaky tests", now=START + 60)
    assert asked(script) == [
        {
            "query": "flaky tests",
            "tags": "(story,poll)",
            "hitsPerPage": "1000",
            "page": "0",
            "numericFilters": f"created_at_i>={START},created_at_i<{START + 60}",
        }
    ]
    [request] = script.seen
    assert (request.url.path, request.headers["user-agent"]) == ("/api/v1/search_by_date", AGENT)


@pytest.mark.parametrize(
    ("count", "windows"), [(999, [(0, 999)]), (1000, [(0, 540), (43_200, 460)])]
)
def test_a_day_of_1000_stories_may_hold_more_and_is_halved(
    tmp_path: Any, count: int, windows: list[tuple[int, int]]
) -> None:
    items = [story(n, START + 80 * n) for n in range(count)]
    with serving(tmp_path, "hackernews", items) as server:
        [day] = covered(of(server), QUERY)
        assert len(server.requests) == 2 * len(windows) - 1
    assert [(window.start - START, reading.received) for window, reading in day.windows] == windows
    assert gap_free(day)
    assert ids([day]) == sorted(map(str, range(count)))


@pytest.mark.parametrize(("count", "truncated"), [(1000, False), (1001, True)])
def test_1000_stories_of_one_second_are_all_there_is_and_more_are_cut_off(
    tmp_path: Any, count: int, truncated: bool
) -> None:
    crowd = utc(DAY, 3, 33, 33)
    items = [story(n, crowd) for n in range(count)] + [story(5000, crowd - 1)]
    with serving(tmp_path, "hackernews", items) as server:
        [day] = covered(of(server), QUERY)
    assert gap_free(day)
    [(_, reading)] = [entry for entry in day.windows if entry[0] == Window(crowd, crowd + 1)]
    assert (len(reading.posts), reading.truncated, reading.final) == (1000, truncated, True)
    assert reading.reason == ("1,001 in one second: the API gives 1,000" if truncated else None)
    assert "5000" in ids([day])
    assert sum(reading.truncated for _, reading in day.windows) == truncated


@pytest.mark.parametrize("seed", range(3))
def test_any_day_is_read_whole_whatever_the_cap(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    draw, cap = random.Random(seed), 12
    monkeypatch.setattr(hackernews, "MAX_HITS", cap)
    crowds = [draw.randrange(86_400) for _ in range(4)]
    moments = [START + draw.choice([*crowds, draw.randrange(86_400)]) for _ in range(120)]
    items = [story(n, at) for n, at in enumerate(moments)]
    with serving(tmp_path, "hackernews", items, quirks=[f"cap:{cap}"]) as server:
        [day] = covered(of(server), QUERY)
    assert gap_free(day)
    for window, reading in day.windows:
        there = sum(window.start <= at < window.end for at in moments)
        assert (len(reading.posts), reading.truncated) == (min(there, cap), there > cap)
    assert len(set(ids([day]))) == len(posts([day]))


# --- answers that hold back ----------------------------------------------------------------------


def test_a_cap_below_the_known_one_is_read_three_times_and_told(tmp_path: Any) -> None:
    items = [story(n, START + n) for n in range(30)]
    with serving(tmp_path, "hackernews", items, quirks=["cap:20"]) as server:
        _, reading = only(of(server), QUERY)
        assert len(server.requests) == 6
    assert (reading.truncated, reading.reason) == (True, "the API gave 20 of 30")
    assert (reading.final, len(reading.posts)) == (False, 20)


def test_hits_that_come_the_second_time_are_complete() -> None:
    source, script = scripted(page(story(1), total=2), page(total=2), page(story(1), story(2)))
    _, reading = only(source, QUERY)
    assert ([p.native_id for p in reading.posts], reading.truncated) == (["1", "2"], False)
    assert script.starts == [0.0, 0.0, 4.0]


@pytest.mark.parametrize("body", [{"hits": []}, {"nbHits": 0}, {"hits": None, "nbHits": 0}])
def test_an_answer_without_hits_or_their_number_is_refused(body: Any) -> None:
    source, _ = scripted(answer(body))
    with pytest.raises(SourceRefusedError, match="The API: an answer without hits"):
        covered(source, QUERY)


# --- refusals ------------------------------------------------------------------------------------

REFUSALS = {
    "400": (
        answer({"message": "Invalid numericFilters", "status": 400}, 400),
        QueryRefusedError,
        "HTTP 400: Invalid numericFilters",
    ),
    "403": (
        answer({"message": "Forbidden"}, 403),
        SourceRefusedError,
        "The API answered HTTP 403: Forbidden",
    ),
    "HTML": (
        answer("<h1>Blocked</h1>", 403),
        SourceRefusedError,
        "The API at http://api.test answered HTTP 403 without a JSON object: is the address "
        "right, and are we let in?",
    ),
}


@pytest.mark.parametrize(("refusal", "kind", "line"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_in_one_line(refusal: Any, kind: type[Exception], line: str) -> None:
    source, script = scripted(refusal)
    with pytest.raises(kind) as caught:
        covered(source, QUERY)
    assert (str(caught.value), len(script.seen)) == (line, 1)


def test_a_429_is_retried_and_then_told() -> None:
    source, script = scripted(*[answer({"message": "Too Many Requests"}, 429)] * 6)
    with pytest.raises(SourceUnavailableError, match="after 6 tries: HTTP 429"):
        covered(source, QUERY)
    assert script.starts == [0.0, 4.0, 12.0, 28.0, 60.0, 120.0]


def test_a_server_that_fails_now_and_then_gives_the_same_as_a_calm_one(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hackernews, "MAX_HITS", 20)
    items = [story(n, START + 400 * n) for n in range(200)]
    kinds = ("429", "429-retry-after", "500", "502-html", "503", "cut", "malformed", "gone")
    faults = [f"{kind}:0.03" for kind in kinds]
    with serving(tmp_path, "hackernews", items, quirks=["cap:20"], faults=faults) as server:
        found = covered(of(server), QUERY)
        assert len({outcome for *_, outcome in server.requests}) > 3, "several kinds struck"
    assert ids(found) == sorted(map(str, range(200)))
