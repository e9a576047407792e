"""Questions: what is kept of one, and days covered up to the last page that may be asked for."""

import gzip
from typing import Any

import httpx
import orjson
import pytest

from assay.extract.http.transport import SourceRefusedError
from assay.extract.posts import stackexchange
from assay.extract.posts.post import Post
from assay.extract.posts.stackexchange import StackExchange, parse_rate_limit
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
    question,
    scripted_api,
    utc,
)
from tests.sample.apis.post_replays import serving

SITE, KEY = "stackoverflow", "se_secretsecret"


def of(server: ReplayServer, key: str | None = None, **more: Any) -> StackExchange:
    return StackExchange(api(f"{server.url}/stackexchange", parse_rate_limit, **more), [SITE], key)


def scripted(*answers: Any, key: str | None = None) -> tuple[StackExchange, Script]:
    session, script = scripted_api(parse_rate_limit, *answers)
    return StackExchange(session, [SITE], key), script


def total(number: Any) -> Any:
    return answer({"total": number})


def page(*items: Any, has_more: bool = False, **more: Any) -> Any:
    return answer({"items": list(items), "has_more": has_more, "quota_remaining": 9, **more})


# --- posts ---------------------------------------------------------------------------------------


def test_a_question_becomes_a_post_with_its_title_as_it_was_written() -> None:
    item = question(
        7,
        utc(DAY, 12),
        title="Why &quot;a&lt;b&quot; &amp; not &#39;c&#39;?",
        body="<p>a &lt; b &amp;amp; c</p>",
        last_edit_date=START + 5,
    )
    assert stackexchange.post(item) == Post(
        native_id="7",
        url="https://stackoverflow.com/questions/7/why",
        title="Why \"a<b\" & not 'c'?",
        body="<p>a &lt; b &amp;amp; c</p>",
        created_at=1_794_225_600,
        score=-1,
        comment_count=2,
        author="501",
        link=None,
        raw={
            "question_id": 7,
            "tags": ["python", "dbt"],
            "is_answered": True,
            "answer_count": 2,
            "view_count": 88,
            "last_activity_date": 1_794_225_660,
            "last_edit_date": START + 5,
            "content_license": "CC BY-SA 4.0",
            "link": "https://stackoverflow.com/questions/7/why",
        },
    )


@pytest.mark.parametrize(
    ("owner", "author"),
    [
        ({"user_type": "does_not_exist", "display_name": "user17"}, "user17"),
        ({"user_type": "does_not_exist"}, None),
        (None, None),
        ("ann", None),
        ({"user_id": 501, "display_name": "Ann"}, "501"),
    ],
)
def test_a_deleted_user_is_known_by_name_or_not_at_all(owner: Any, author: str | None) -> None:
    found = stackexchange.post(question(1, owner=owner))
    assert isinstance(found, Post)
    assert found.author == author


def test_what_a_question_lacks_is_empty() -> None:
    bare = {
        "question_id": 1,
        "link": "https://stackoverflow.com/q/1",
        "title": "x",
        "creation_date": START,
    }
    expected = Post(
        "1",
        bare["link"],
        "x",
        None,
        START,
        None,
        None,
        None,
        None,
        {"question_id": 1, "link": bare["link"]},
    )
    assert stackexchange.post(bare) == expected


def test_what_is_no_question_is_dropped_and_counted() -> None:
    items = [
        question(1),
        question(2, title=""),
        {"question_id": 3},
        None,
        question(4, creation_date="now"),
        question(5, link=None),
    ]
    source, _ = scripted(total(6), page(*items))
    _, reading = only(source, SITE)
    assert [post.native_id for post in reading.posts] == ["1"]
    assert (reading.received, reading.truncated) == (6, False)
    assert reading.dropped == {"no title": 1, "not an object": 1, "no time": 1, "no address": 2}


# --- days and windows ----------------------------------------------------------------------------


def test_a_day_is_asked_from_its_first_to_its_last_second(tmp_path: Any) -> None:
    items = [question(n, START + at) for n, at in enumerate((-1, 0, 86_399, 86_400))]
    with serving(tmp_path, "stackexchange", items) as server:
        window, reading = only(of(server), SITE)
    assert [post.native_id for post in reading.posts] == ["1", "2"]
    assert reading.posts[0].body == "<p>Why?</p>"
    assert window == Window.of_day(DAY)


def test_a_query_names_its_site_and_tags() -> None:
    source, script = scripted(total(1), page(question(1)), key=KEY)
    covered(source, "serverfault python;dbt", now=START + 60)
    first, second = asked(script)
    about = {
        "site": "serverfault",
        "tagged": "python;dbt",
        "fromdate": str(START),
        "todate": str(START + 59),
        "key": KEY,
    }
    assert first == {**about, "filter": "total"}
    assert second == {
        **about,
        "filter": "withbody",
        "sort": "creation",
        "order": "asc",
        "pagesize": "100",
        "page": "1",
    }
    assert {request.url.path for request in script.seen} == {"/2.3/questions"}


def test_tags_are_all_required(tmp_path: Any) -> None:
    items = [question(1), question(2, tags=["dbt"])]
    with serving(tmp_path, "stackexchange", items) as server:
        assert ids(covered(of(server), f"{SITE} dbt")) == ["1", "2"]
        assert ids(covered(of(server), f"{SITE} python;dbt")) == ["1"]


def test_an_empty_day_costs_one_request() -> None:
    source, script = scripted(total(0))
    _, reading = only(source, SITE)
    assert (reading.posts, reading.final, len(script.seen)) == ([], True, 1)


def test_without_a_key_a_day_of_more_than_25_pages_is_halved(tmp_path: Any) -> None:
    items = [question(n, START + 30 * n) for n in range(2501)]
    with serving(tmp_path, "stackexchange", items) as server:
        [day] = covered(of(server), SITE)
        with_a_key = covered(of(server, KEY), SITE)
        assert {outcome for *_, outcome in server.requests} == {200}
    assert [(window.start - START, reading.received) for window, reading in day.windows] == [
        (0, 1440),
        (43_200, 1061),
    ]
    assert gap_free(day)
    assert ids([day]) == ids(with_a_key) == sorted(map(str, range(2501)))
    assert len(with_a_key[0].windows) == 1


def test_more_than_25_pages_of_one_second_are_cut_off(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stackexchange, "PAGE", 4)
    crowd = utc(DAY, 9, 30, 1)
    items = [question(n, crowd) for n in range(103)] + [question(900, crowd + 1)]
    with serving(tmp_path, "stackexchange", items) as server:
        [day] = covered(of(server), SITE)
    assert gap_free(day)
    [(window, cut)] = [entry for entry in day.windows if entry[1].truncated]
    assert window == Window(crowd, crowd + 1)
    assert (cut.reason, cut.final, len(cut.posts)) == ("more than 100 in one second", True, 100)
    assert len(set(ids([day]))) == 101


def test_a_window_with_more_than_it_said_is_halved_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stackexchange, "LAST_PAGE_WITHOUT_KEY", 1)
    source, _ = scripted(
        total(1),
        page(question(1), has_more=True),
        total(1),
        page(question(1)),
        total(1),
        page(question(2)),
    )
    [day] = covered(source, SITE)
    assert ids([day]) == ["1", "2"]
    assert [reading.truncated for _, reading in day.windows] == [False, False]


def test_a_promised_total_that_does_not_come_is_told_and_left_to_the_next_run() -> None:
    source, script = scripted(total(3), page(question(1)), total(3), page(question(1)))
    _, reading = only(source, SITE)
    assert (reading.truncated, reading.reason, reading.final) == (
        True,
        "the API gave 1 of 3",
        False,
    )
    assert len(script.starts) == 2, "the same question within a minute counts as abuse"


@pytest.mark.parametrize(
    "answers",
    [[answer({"items": []})], [total(1), answer({"has_more": False})]],
    ids=["no total", "no items"],
)
def test_an_answer_without_items_or_total_is_refused(answers: list[Any]) -> None:
    source, _ = scripted(*answers)
    with pytest.raises(SourceRefusedError, match="The API: an answer without"):
        covered(source, SITE)


# --- bodies --------------------------------------------------------------------------------------


def test_answers_are_unpacked_though_nobody_asked_for_gzip() -> None:
    def packed(body: Any) -> Any:
        content = gzip.compress(orjson.dumps(body))
        headers = {"content-type": "application/json", "content-encoding": "gzip"}
        return lambda: httpx.Response(200, content=content, headers=headers)

    source, script = scripted(packed({"total": 1}), packed({"items": [question(4)]}))
    assert ids(covered(source, SITE)) == ["4"]
    assert {request.headers["user-agent"] for request in script.seen} == {AGENT}
