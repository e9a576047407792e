"""StackExchange holds us back or refuses: backoff, throttles, errors in HTTP 400, keys kept."""

from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError, SourceUnavailableError
from assay.extract.posts import stackexchange
from assay.extract.posts.post import QueryRefusedError
from tests.extract.helpers import VirtualClock
from tests.extract.posts.helpers import START, Replay, answer, covered, ids, only, question
from tests.extract.posts.test_stackexchange import KEY, SITE, of, page, scripted, total
from tests.sample.apis.post_replays import serving


def error(number: int, message: str, status: int = 400, **more: Any) -> Any:
    return answer({"error_id": number, "error_name": "x", "error_message": message, **more}, status)


# --- limits --------------------------------------------------------------------------------------


def test_backoff_in_a_good_answer_is_obeyed_and_a_second_more() -> None:
    source, script = scripted(answer({"total": 2, "backoff": 10}), page(question(1), question(2)))
    assert ids(covered(source, SITE)) == ["1", "2"]
    assert script.starts == [0.0, 11.0]


def test_a_server_that_insists_on_its_backoff_never_refuses(
    replay: Replay, clock: VirtualClock
) -> None:
    items = [question(n, START + n) for n in range(450)]
    with replay("stackexchange", items, faults=["backoff:1"]) as server:
        _, reading = only(of(server, clock=clock), SITE)
        assert [outcome for *_, outcome in server.requests] == ["backoff"] * 6
    assert reading.received == 450
    assert clock.monotonic() == 15.0, "five pauses of 2 s and one more"


THROTTLES = {
    "quota": (
        error(502, "too many requests from this IP, more requests available in 84 seconds"),
        85.0,
    ),
    "backoff": (error(502, "Violation of backoff parameter"), 30.0),
    "at the edge": (error(502, "more requests available in 20 seconds", 503), 21.0),
    "with backoff": (error(502, "more requests available in 20 seconds", backoff=40), 41.0),
    "internal": (error(500, "oops"), 4.0),
    "unavailable": (error(503, "down", backoff=9), 10.0),
    "HTML": (answer("<h1>429</h1>", 429), 4.0),
    "no object": (answer([502], 503), 4.0),
}


@pytest.mark.parametrize(("refusal", "pause"), THROTTLES.values(), ids=THROTTLES)
def test_a_throttle_is_waited_for_as_long_as_it_says(refusal: Any, pause: float) -> None:
    source, script = scripted(refusal, total(0))
    covered(source, SITE)
    assert script.starts == [0.0, pause]


def test_a_used_up_day_ends_it_in_one_line() -> None:
    message = "too many requests from this IP, more requests available in 84268 seconds"
    source, script = scripted(error(502, message))
    with pytest.raises(SourceUnavailableError) as caught:
        covered(source, SITE)
    assert str(caught.value) == (
        "The API asks to wait 84269 s, more than we do (900 s): run again after that"
    )
    assert len(script.seen) == 1


def test_a_quota_of_300_is_used_up_and_then_told(
    replay: Replay, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stackexchange, "PAGE", 1)
    monkeypatch.setattr(stackexchange, "LAST_PAGE_WITHOUT_KEY", 10)
    items = [question(n, START + 200 * n) for n in range(400)]
    with replay("stackexchange", items, quota=1) as server:
        with pytest.raises(SourceUnavailableError, match=r"asks to wait 8640[01] s"):
            covered(of(server, clock=clock), SITE)
        assert [outcome for *_, outcome in server.requests] == [200] * 300 + [400]


def test_a_server_that_fails_now_and_then_gives_the_same_as_a_calm_one(
    replay: Replay, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stackexchange, "PAGE", 8)
    items = [question(n, START + n) for n in range(200)]
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
        "throttle",
        "backoff",
    )
    faults = [f"{kind}:0.03" for kind in kinds]
    with replay("stackexchange", items, faults=faults) as server:
        found = covered(of(server, clock=clock), SITE)
        assert len({outcome for *_, outcome in server.requests}) > 3, "several kinds struck"
    assert ids(found) == sorted(map(str, range(200)))


# --- refusals ------------------------------------------------------------------------------------

REFUSALS = {
    "bad parameter": (
        error(400, "No site found for name `x`"),
        QueryRefusedError,
        "StackExchange does not take the parameter: No site found for name `x`",
    ),
    "key": (
        error(403, "page above 25 requires access token or app key"),
        SourceRefusedError,
        "StackExchange denies access (page above 25 requires access token or app key): "
        "check STACKEXCHANGE_KEY",
    ),
    "no method": (
        error(404, "no method found with this name", 404),
        SourceRefusedError,
        "StackExchange answered HTTP 404, error 404: no method found with this name",
    ),
    "an error of another": (
        answer({"message": "no"}, 418),
        SourceRefusedError,
        "StackExchange answered HTTP 418, error None: None",
    ),
    "HTML": (
        answer("<h1>Blocked</h1>", 403),
        SourceRefusedError,
        "The API at http://api.test answered HTTP 403 without a JSON object: is the address "
        "right, and are we let in?",
    ),
}


@pytest.mark.parametrize(("refusal", "kind", "line"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_in_one_line_without_the_key(
    refusal: Any, kind: type[Exception], line: str
) -> None:
    source, script = scripted(refusal, key=KEY)
    with pytest.raises(kind) as caught:
        covered(source, SITE)
    assert (str(caught.value), len(script.seen)) == (line, 1)
    assert KEY not in line


def test_an_unknown_site_is_a_query_that_is_refused(tmp_path: Any) -> None:
    with (
        serving(tmp_path, "stackexchange", [question(1)]) as server,
        pytest.raises(QueryRefusedError, match="No site found for name `nowhere`"),
    ):
        covered(of(server), "nowhere")


def test_a_key_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    source, _ = scripted(*[answer({}, 500)] * 6, key=KEY)
    with pytest.raises(SourceUnavailableError) as caught:
        covered(source, SITE)
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("assay.extract"))
    assert "HTTP 500; retry 5 of 5" in ours
    assert KEY not in ours + repr(caught.value) + repr(caught.value.__cause__)
