"""Reddit's listings: paged back until a day is passed, and what is left out of them."""

from datetime import date, timedelta
from typing import Any

import pytest

from assay.extract.posts import reddit
from assay.extract.posts.post import DayResult, Post
from assay.extract.posts.reddit import Reddit, parse_rate_limit
from assay.extract.posts.windows import Window
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Script, VirtualClock
from tests.extract.posts.helpers import (
    DAY,
    NEXT,
    START,
    Replay,
    answer,
    api,
    asked,
    covered,
    ids,
    only,
    posts,
    scripted_api,
    submission,
    utc,
)
from tests.sample.apis.post_replays import serving

SUB, CLIENT = "devops", ("an_id", "sh_secretsecret")
DAYS = [DAY - timedelta(days=2), DAY - timedelta(days=1), DAY]
TOKEN = answer({"access_token": "tok_1", "token_type": "bearer", "expires_in": 86_400})


def of(server: ReplayServer, **more: Any) -> Reddit:
    session = api(f"{server.url}/reddit/oauth", parse_rate_limit, **more)
    return Reddit(session, [SUB], CLIENT, f"{server.url}/reddit/www/api/v1/access_token")


def scripted(*answers: Any) -> tuple[Reddit, Script]:
    session, script = scripted_api(parse_rate_limit, TOKEN, *answers)
    return Reddit(session, [SUB], CLIENT, "http://www.test/api/v1/access_token"), script


def page(*children: Any, after: str | None = None) -> Any:
    return answer({"kind": "Listing", "data": {"children": list(children), "after": after}})


def truncated(days: list[DayResult]) -> dict[date, str | None]:
    """Why each truncated day is so."""
    return {
        day.day: reading.reason for day in days for _, reading in day.windows if reading.truncated
    }


# --- posts ---------------------------------------------------------------------------------------


def test_a_text_post_becomes_a_post_without_its_author() -> None:
    assert reddit.post(submission("1a", utc(DAY, 12) + 0.0, edited=1_794_225_900.0)) == Post(
        native_id="1a",
        url="https://www.reddit.com/r/devops/comments/1a/who_owns/",
        title="Who owns 1a?",
        body="Nobody.",
        created_at=1_794_225_600,
        score=12,
        comment_count=4,
        author="ann_loom",
        link=None,
        raw={
            "id": "1a",
            "name": "t3_1a",
            "subreddit": "devops",
            "subreddit_id": "t5_1",
            "permalink": "/r/devops/comments/1a/who_owns/",
            "url": "https://www.reddit.com/r/devops/comments/1a/who_owns/",
            "domain": "self.devops",
            "is_self": True,
            "over_18": False,
            "upvote_ratio": 0.9,
            "edited": 1_794_225_900.0,
            "stickied": False,
            "locked": False,
        },
    )


def test_a_link_post_points_at_a_page_and_may_have_no_text() -> None:
    away = {"is_self": False, "selftext": "", "url": "https://loom.example/a?b=1&c=2"}
    found = reddit.post(submission("1a", **away))
    assert isinstance(found, Post)
    assert (found.link, found.body) == (away["url"], None)
    overridden = reddit.post(submission("1a", **away, url_overridden_by_dest="https://x.example/"))
    assert isinstance(overridden, Post)
    assert overridden.link == "https://x.example/"


def test_what_a_post_lacks_is_empty() -> None:
    data = {
        "id": "1a",
        "permalink": "/r/devops/comments/1a/x/",
        "title": "x",
        "created_utc": START + 0.75,
    }
    assert reddit.post({"kind": "t3", "data": data}) == Post(
        "1a",
        "https://www.reddit.com/r/devops/comments/1a/x/",
        "x",
        None,
        START,
        None,
        None,
        None,
        None,
        {"id": "1a", "permalink": "/r/devops/comments/1a/x/"},
    )


def test_a_post_says_what_it_passes_on_asks_for_and_writes_under_pictures() -> None:
    original = submission("o", selftext="The build hangs.", subreddit="python")["data"]
    gallery = {"items": [{"media_id": "x", "caption": "The log"}, {"media_id": "y"}, None]}
    poll = {"options": [{"text": "Airflow", "id": "1"}, {"text": "Dagster"}, {"id": "3"}]}
    found = {
        name: reddit.post(submission(name, selftext="", **more))
        for name, more in {
            "cross": {"crosspost_parent_list": [original], "crosspost_parent": "t3_o"},
            "poll": {"poll_data": poll},
            "gallery": {"gallery_data": gallery},
            "odd": {"crosspost_parent_list": [7], "poll_data": [], "gallery_data": {"items": 3}},
            "gone": {"crosspost_parent_list": [original | {"selftext": "[removed]"}]},
        }.items()
    }
    assert {name: post.body for name, post in found.items()} == {
        "cross": "The build hangs.",
        "poll": "- Airflow\n- Dagster",
        "gallery": "The log",
        "odd": None,
        "gone": None,
    }
    assert found["cross"].raw["crosspost_of"] == {
        "id": "o",
        "subreddit": "python",
        "permalink": "/r/devops/comments/o/who_owns/",
    }
    assert "ann_loom" not in str(found["cross"].raw), "not even the author of the original"
    assert (found["poll"].raw["poll_options"], found["gallery"].raw["pictures"]) == (2, 3)


def test_a_post_without_an_id_is_known_by_its_page() -> None:
    found = reddit.post(submission("a", id=None))
    assert found.native_id == found.url == "https://www.reddit.com/r/devops/comments/a/who_owns/"


def test_what_was_deleted_or_is_no_post_is_dropped_and_counted() -> None:
    children = [
        submission("a"),
        submission("b", selftext="[removed]"),
        submission("c", selftext="[deleted]"),
        submission("d", title="[deleted by user]"),
        submission("e", removed_by_category="moderator"),
        {"kind": "t1", "data": {"id": "f", "name": "t1_f", "created_utc": START + 1.0}},
        submission("g", title=None),
        submission("h", permalink=None),
        submission("k", created_utc="now"),
        {"kind": "t3", "data": None},
        "no child",
        {"kind": "t3", "data": {"created_utc": START}},
        submission("i", author="[deleted]"),
        submission("j", author=None),
    ]
    source, _ = scripted(page(*children))
    _, reading = only(source, SUB)
    assert [(post.native_id, post.author) for post in reading.posts] == [
        ("a", "ann_loom"),
        ("i", None),
        ("j", None),
    ]
    assert reading.dropped == {
        "deleted": 4,
        "no post": 1,
        "no title": 1,
        "no address": 2,
        "no time": 1,
        "no data": 1,
        "not an object": 1,
    }
    assert [(gone.native_id, gone.reason) for gone in reading.removed] == [
        ("b", "removed"),
        ("c", "deleted"),
        ("d", "removed"),
        ("e", "removed by moderator"),
    ]
    assert (reading.received, reading.truncated) == (14, False)


# --- days ----------------------------------------------------------------------------------------


def test_a_day_holds_its_first_and_its_last_second(tmp_path: Any) -> None:
    items = [submission(f"{n}", START + at) for n, at in enumerate((-1, 0, 86_399.9, 86_400))]
    with serving(tmp_path, "reddit", items) as server:
        days = covered(of(server), SUB, DAY, NEXT)
    assert [ids([day]) for day in days] == [["1", "2"], ["3"]]
    assert [window for day in days for window, _ in day.windows] == [
        Window.of_day(DAY),
        Window.of_day(NEXT),
    ]
    assert truncated(days) == {}


def test_several_days_are_read_in_one_pass_that_ends_when_they_are_passed(tmp_path: Any) -> None:
    items = [submission(f"{n:x}", START + 2 * 86_400 - 600 * n) for n in range(1, 800)]
    with serving(tmp_path, "reddit", items) as server:
        days = covered(of(server), SUB, NEXT, DAY)
        listed = [target for _, target, _ in server.requests if "/oauth/" in target]
    assert [len(posts([day])) for day in days] == [144, 144]
    assert len(listed) == 4, "288 posts of the days, and a page that has none of them"
    assert truncated(days) == {}


def test_a_running_day_is_read_up_to_now() -> None:
    source, script = scripted(page(submission("b", utc(DAY, 7)), submission("a", utc(DAY, 5))))
    window, reading = only(source, SUB, now=utc(DAY, 6))
    assert window == Window(START, utc(DAY, 6))
    assert [post.native_id for post in reading.posts] == ["a"]
    assert asked(script)[1] == {"limit": "100", "raw_json": "1"}


def test_texts_come_as_they_were_written(tmp_path: Any) -> None:
    items = [submission("1", START, title="R&D <b>", selftext="a &amp; b")]
    with serving(tmp_path, "reddit", items) as server:
        [found] = posts(covered(of(server), SUB))
    assert (found.title, found.body) == ("R&D <b>", "a &amp; b")


@pytest.mark.parametrize("late", [False, True], ids=["known as such", "not known as such"])
def test_an_old_post_at_the_top_stops_nothing(tmp_path: Any, late: bool) -> None:
    items = [submission(f"{n:x}", START + 10 * n) for n in range(1, 250)]
    items.append(submission("0", START - 400 * 86_400, stickied=not late))
    with serving(tmp_path, "reddit", items, quirks=["sticky"]) as server:
        [day] = covered(of(server), SUB)
    assert ids([day]) == sorted(f"{n:x}" for n in range(1, 250))


@pytest.mark.parametrize("place", [5, 140], ids=["of a later page", "of the same page"])
def test_a_young_post_at_the_top_is_counted_once(tmp_path: Any, place: int) -> None:
    items = [submission(f"{n:x}", START + n, stickied=n == place) for n in range(1, 150)]
    with serving(tmp_path, "reddit", items, quirks=["sticky"]) as server:
        _, reading = only(of(server), SUB)
    assert (len(reading.posts), len({p.native_id for p in reading.posts})) == (149, 149)
    assert (reading.received, reading.truncated) == (149, False)


# --- where listings end --------------------------------------------------------------------------


def test_a_listing_that_ends_at_its_cap_cuts_off_the_days_it_does_not_pass(tmp_path: Any) -> None:
    # 400 posts a day: the newest 1,000 reach to noon of the first day.
    first = Window.of_day(DAYS[0]).start
    items = [submission(f"{n:x}", first + 216 * n) for n in range(1200)]
    with serving(tmp_path, "reddit", items) as server:
        days = covered(of(server), SUB, *DAYS)
        assert sum("/oauth/" in target for _, target, _ in server.requests) == 10
    assert [len(posts([day])) for day in days] == [200, 400, 400]
    assert truncated(days) == {
        DAYS[0]: "the listing ends after 1,000 posts, at 2026-11-07T12:00:00Z"
    }
    assert all(reading.final for day in days for _, reading in day.windows)


def test_days_before_the_end_of_a_listing_are_empty_and_cut_off(tmp_path: Any) -> None:
    items = [submission(f"{n:x}", START + n) for n in range(1000)]
    with serving(tmp_path, "reddit", items) as server:
        days = covered(of(server), SUB, *DAYS)
    assert [len(posts([day])) for day in days] == [0, 0, 1000]
    reason = "the listing ends after 1,000 posts, at 2026-11-09T00:00:00Z"
    # More posts of the day's first second may lie behind the end.
    assert truncated(days) == dict.fromkeys(DAYS, reason)


def test_an_old_sticky_does_not_hide_that_a_listing_was_cut_off() -> None:
    children = [submission(f"{n}", START + 1100 - n) for n in range(950)]
    sticky = submission("s", START - 9e6, stickied=True)
    source, _ = scripted(page(sticky, *children))
    reason = "the listing ends after 951 posts, at 2026-11-09T00:02:31Z"
    assert truncated(covered(source, SUB, *DAYS)) == dict.fromkeys(DAYS, reason)


def test_a_small_subreddit_that_ends_early_is_complete(tmp_path: Any) -> None:
    items = [submission(f"{n:x}", START + 90 * n) for n in range(499)]
    with serving(tmp_path, "reddit", items) as server:
        days = covered(of(server), SUB, *DAYS)
    assert ([len(posts([day])) for day in days], truncated(days)) == ([0, 0, 499], {})


def test_an_empty_subreddit_is_complete() -> None:
    source, script = scripted(page())
    _, reading = only(source, SUB)
    assert (reading.posts, reading.final, reading.truncated) == ([], True, False)
    assert len(script.seen) == 2, "a token and a page"


def test_a_listing_without_end_is_left_and_told() -> None:
    pages = [page(submission(f"{n}", START + 9_000 - n), after=f"t3_{n}") for n in range(40)]
    source, script = scripted(*pages)
    [day] = covered(source, SUB)
    assert len(script.seen) == 1 + reddit.MAX_PAGES
    assert truncated([day]) == {DAY: "the listing ends after 30 posts, at 2026-11-09T02:29:31Z"}
    params = asked(script)[1:4]
    assert [(p.get("after"), p.get("count")) for p in params] == [
        (None, None),
        ("t3_0", "1"),
        ("t3_1", "2"),
    ]


def test_a_listing_that_repeats_itself_is_left_and_told() -> None:
    same = page(submission("a", START + 9), after="t3_a")
    source, script = scripted(same, same)
    [day] = covered(source, SUB)
    assert (ids([day]), len(script.seen)) == (["a"], 3)
    assert truncated([day]) == {DAY: "the listing ends after 1 posts, at 2026-11-09T00:00:09Z"}


def test_a_listing_of_posts_without_a_time_is_cut_off_somewhere() -> None:
    children = [submission(f"{n}", created_utc=None) for n in range(900)]
    source, _ = scripted(page(*children))
    [day] = covered(source, SUB)
    assert truncated([day]) == {DAY: "the listing ends after 900 posts"}


# --- limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "33"}, 33.0),
        ({"x_ratelimit_remaining": "0.5", "x_ratelimit_reset": "33"}, 33.0),
        ({"x_ratelimit_remaining": "1.0", "x_ratelimit_reset": "33"}, 0.0),
        ({"x_ratelimit_remaining": "0.0"}, 0.0),
        ({"x_ratelimit_remaining": "none", "x_ratelimit_reset": "33"}, 0.0),
    ],
)
def test_an_answer_that_uses_up_the_limit_holds_back_the_next(
    headers: dict[str, str], pause: float
) -> None:
    listing = {"data": {"children": [submission("a", START)], "after": "t3_a"}}
    source, script = scripted(answer(listing, 200, **headers), page())
    covered(source, SUB)
    assert script.starts == [0.0, 0.0, pause]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "90"}, 90.0),
        ({"retry_after": "70", "x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "9"}, 70.0),
        ({}, 4.0),
    ],
)
def test_a_429_is_retried_after_the_longest_wish(headers: dict[str, str], pause: float) -> None:
    source, script = scripted(answer({"message": "Too Many"}, 429, **headers), page())
    covered(source, SUB)
    assert script.starts == [0.0, 0.0, pause]


def test_a_server_that_fails_now_and_then_gives_the_same_as_a_calm_one(
    replay: Replay, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reddit, "PAGE", 10)
    items = [submission(f"{n:x}", START + n) for n in range(250)]
    kinds = (
        "429",
        "429-bare",
        "429-retry-after",
        "500",
        "502-html",
        "503",
        "cut",
        "malformed",
        "gone",
    )
    with replay("reddit", items, faults=[f"{kind}:0.03" for kind in kinds]) as server:
        found = covered(of(server, clock=clock), SUB)
        assert len({outcome for *_, outcome in server.requests}) > 3, "several kinds struck"
    assert ids(found) == sorted(f"{n:x}" for n in range(250))
