"""GitHub holds us back or refuses: limits waited for, refusals told, tokens kept."""

import logging
import traceback
from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError, SourceUnavailableError
from assay.extract.posts import github
from assay.extract.posts.post import QueryRefusedError
from tests.extract.helpers import EPOCH, VirtualClock
from tests.extract.posts.helpers import (
    AGENT,
    DAY,
    NEXT,
    START,
    Replay,
    answer,
    covered,
    ids,
    issue,
    only,
    readings,
    utc,
)
from tests.extract.posts.test_github import QUERY, TOKEN, native, of, page, scripted
from tests.sample.apis.post_replays import serving

# --- limits --------------------------------------------------------------------------------------

EXHAUSTED = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(EPOCH + 37)}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
ABUSE = {"message": "You have triggered an abuse detection mechanism. Please retry later."}
PRIMARY = {"message": "API rate limit exceeded for user ID 1."}
LEFT = {"x_ratelimit_remaining": "17", "x_ratelimit_reset": str(EPOCH + 37)}
LIMITS = {
    "primary, 403": (answer(PRIMARY, 403, **EXHAUSTED), 38.0),
    "primary, 429": (answer(PRIMARY, 429, **EXHAUSTED), 38.0),
    "primary, reset passed": (
        answer(PRIMARY, 403, **EXHAUSTED | {"x_ratelimit_reset": str(EPOCH - 9)}),
        4.0,
    ),
    "primary, no reset": (answer(PRIMARY, 403, x_ratelimit_remaining="0"), 60.0),
    "secondary, Retry-After": (answer(SECONDARY, 403, retry_after="75", **LEFT), 75.0),
    "secondary, Retry-After 429": (answer(SECONDARY, 429, retry_after="75", **LEFT), 75.0),
    "secondary, no time": (answer(SECONDARY, 403, **LEFT), 60.0),
    "secondary, no time, 429": (answer({}, 429), 60.0),
    "secondary, HTML": (answer("<h1>Too many</h1>", 429), 60.0),
    "abuse detection": (answer(ABUSE, 403), 60.0),
    "both": (answer(PRIMARY, 403, retry_after="75", **EXHAUSTED), 75.0),
}


@pytest.mark.parametrize(("refusal", "pause"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_waited_for_as_long_as_it_says(refusal: Any, pause: float) -> None:
    source, script = scripted(refusal, answer(page(issue(1))))
    assert ids(covered(source, QUERY)) == native(1)
    assert script.starts == [0.0, pause]


def test_an_answer_that_uses_up_the_limit_holds_back_the_next_request() -> None:
    source, script = scripted(answer(page(), 200, **EXHAUSTED), answer(page(issue(1, START))))
    covered(source, QUERY, DAY, NEXT)
    assert script.starts == [0.0, 38.0]


def test_a_reset_beyond_the_longest_wait_ends_it() -> None:
    far = EXHAUSTED | {"x_ratelimit_reset": str(EPOCH + 3600)}
    source, script = scripted(answer(PRIMARY, 403, **far))
    with pytest.raises(SourceUnavailableError, match="asks to wait 3601 s"):
        covered(source, QUERY)
    assert len(script.seen) == 1


@pytest.mark.parametrize(("token", "most"), [(TOKEN, 30), (None, 10)], ids=["token", "none"])
def test_within_its_limit_a_source_is_never_refused(
    replay: Replay,
    clock: VirtualClock,
    monkeypatch: pytest.MonkeyPatch,
    token: str | None,
    most: int,
) -> None:
    monkeypatch.setattr(github, "PAGE", 4)
    items = [issue(n, START + n) for n in range(400)]
    with replay("github", items, quota=1) as server:
        _, reading = only(of(server, token, clock=clock, most=most), QUERY)
        assert [outcome for *_, outcome in server.requests] == [200] * 100
    assert reading.received == 400
    # The header's reset is obeyed to the second after it, also when the limit alone asks for less.
    assert clock.monotonic() == pytest.approx((100 - 1) // most * 61)


def test_beyond_its_limit_the_reset_is_waited_for(
    replay: Replay, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "PAGE", 1)
    items = [issue(n, START + n) for n in range(25)]
    with replay("github", items, quota=1) as server:
        assert only(of(server, None, clock=clock), QUERY)[1].received == 25
        assert {outcome for *_, outcome in server.requests} == {200}, "the header was heeded"


def test_a_server_that_fails_now_and_then_gives_the_same_as_a_calm_one(
    replay: Replay, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "PAGE", 5)
    items = [issue(n, START + n) for n in range(200)]
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
        "github-secondary",
    )
    with replay("github", items, faults=[f"{kind}:0.02" for kind in kinds]) as server:
        _, reading = only(of(server, clock=clock), QUERY)
        outcomes = {outcome for *_, outcome in server.requests}
    assert len(outcomes) > 3, "several kinds struck"
    assert (sorted(p.native_id for p in reading.posts), reading.final) == (
        native(*range(200)),
        True,
    )


# --- refusals ------------------------------------------------------------------------------------

VALIDATION = {
    "message": "Validation Failed",
    "errors": [
        {"message": "The listed users and repositories cannot be searched", "code": "x"},
        "plain words",
        {"code": "missing"},
    ],
}
REFUSALS = {
    "401": (
        answer({"message": "Bad credentials"}, 401),
        SourceRefusedError,
        "GitHub does not accept GITHUB_TOKEN (HTTP 401): make a new one at "
        "https://github.com/settings/tokens, or unset it",
    ),
    "422": (
        answer(VALIDATION, 422),
        QueryRefusedError,
        "HTTP 422: Validation Failed; The listed users and repositories cannot be searched; "
        "plain words",
    ),
    "422 without a body": (answer([], 422), QueryRefusedError, "HTTP 422: Unprocessable Entity"),
    "403": (
        answer({"message": "Resource not accessible"}, 403),
        SourceRefusedError,
        "GitHub answered HTTP 403: Resource not accessible",
    ),
    "404 HTML": (
        answer("<h1>Not here</h1>", 404),
        SourceRefusedError,
        "GitHub answered HTTP 404: Not Found",
    ),
    "moved": (
        answer({}, 301, location="http://elsewhere.test/"),
        SourceRefusedError,
        "GitHub answered HTTP 301: Moved Permanently",
    ),
    "a page": (
        answer("<h1>Log in</h1>"),
        SourceRefusedError,
        "The API at http://api.test answered HTTP 200 without a JSON object: is the address "
        "right, and are we let in?",
    ),
    "a list": (
        answer([1, 2]),
        SourceRefusedError,
        "The API at http://api.test answered HTTP 200 without a JSON object: is the address "
        "right, and are we let in?",
    ),
}


@pytest.mark.parametrize(("refusal", "error", "line"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_in_one_line(refusal: Any, error: type[Exception], line: str) -> None:
    source, script = scripted(refusal)
    with pytest.raises(error) as caught:
        covered(source, QUERY)
    assert (str(caught.value), len(script.seen)) == (line, 1)


def test_the_real_forms_of_refusals_are_understood(tmp_path: Any) -> None:
    with serving(tmp_path, "github", [issue(1)]) as server:
        with pytest.raises(SourceRefusedError, match="does not accept GITHUB_TOKEN"):
            covered(of(server, "ghp_invalid"), QUERY)
        with pytest.raises(QueryRefusedError, match="HTTP 422: Validation Failed; The listed"):
            covered(of(server), "repo:no/such")


@pytest.mark.parametrize(
    "refusal", [*(entry[0] for entry in REFUSALS.values()), answer({}, 500)], ids=[*REFUSALS, "500"]
)
def test_a_token_is_in_no_error_and_no_log(refusal: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    source, _ = scripted(*[refusal] * 6)
    with pytest.raises((SourceRefusedError, QueryRefusedError, SourceUnavailableError)) as caught:
        covered(source, QUERY)
    assert TOKEN not in caplog.text + "".join(traceback.format_exception(caught.value))


# --- what is sent --------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, None], ids=["token", "none"])
def test_every_request_names_us_and_carries_no_cookie(token: str | None) -> None:
    cookie = answer(page(issue(1), total=2), set_cookie="_gh_sess=spy; Path=/")
    source, script = scripted(answer({}, 500), cookie, cookie, cookie, token=token)
    reading = readings(covered(source, QUERY, now=utc(DAY, 1)))[0]
    assert reading.received == 2
    for request in script.seen:
        assert (request.method, request.url.path) == ("GET", "/search/issues")
        assert request.headers["user-agent"] == AGENT
        assert request.headers["accept"] == "application/vnd.github+json"
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert request.headers.get("authorization") == (token and f"Bearer {token}")
        assert "cookie" not in request.headers
