"""Reddit lets us in: tokens, their life and their loss, and how it refuses."""

import base64
import traceback
from typing import Any

import pytest

from assay.extract.http.transport import SourceRefusedError, SourceUnavailableError
from assay.extract.posts.post import QueryRefusedError
from tests.extract.helpers import Script
from tests.extract.posts.helpers import AGENT, DAY, NEXT, START, answer, covered, ids, submission
from tests.extract.posts.test_reddit import CLIENT, SUB, TOKEN, of, page, scripted
from tests.sample.apis.post_replays import serving


def token(name: str, life: Any = 86_400) -> Any:
    return answer({"access_token": name, "token_type": "bearer", "expires_in": life})


def shown(script: Script) -> list[tuple[str, str]]:
    """The host and the credentials of every request."""
    return [(request.url.host, request.headers.get("authorization", "")) for request in script.seen]


BASIC = f"Basic {base64.b64encode(':'.join(CLIENT).encode()).decode()}"
EXPIRED = answer({"message": "Unauthorized", "error": 401}, 401)


# --- tokens --------------------------------------------------------------------------------------


def test_the_token_comes_from_www_and_the_listing_from_oauth() -> None:
    source, script = scripted(page(submission("a", START + 1)))
    assert ids(covered(source, SUB)) == ["a"]
    assert shown(script) == [("www.test", BASIC), ("api.test", "bearer tok_1")]
    login, listing = script.seen
    assert (login.method, str(login.url)) == ("POST", "http://www.test/api/v1/access_token")
    assert login.read() == b"grant_type=client_credentials"
    assert (listing.method, listing.url.path) == ("GET", "/r/devops/new")
    assert [request.headers["user-agent"] for request in script.seen] == [AGENT, AGENT]


def test_the_two_hosts_of_a_real_server_are_asked_for_what_they_give(tmp_path: Any) -> None:
    with serving(tmp_path, "reddit", [submission("a", START)]) as server:
        source = of(server)
        assert ids(covered(source, SUB)) == ids(covered(source, SUB)) == ["a"]
        assert [target.partition("?")[0] for _, target, _ in server.requests] == [
            "/reddit/www/api/v1/access_token",
            *["/reddit/oauth/r/devops/new"] * 2,
        ]


def test_a_token_that_is_no_longer_good_is_replaced_once_and_reading_goes_on(tmp_path: Any) -> None:
    items = [submission(f"{n:x}", START + n) for n in range(250)]
    with serving(tmp_path, "reddit", items) as server:
        source = of(server)
        covered(source, SUB)
        [replayed] = server.apis
        replayed._tokens.clear()
        server.requests.clear()
        assert len(ids(covered(source, SUB))) == 250
        assert [outcome for *_, outcome in server.requests] == [401, 200, 200, 200, 200]
        assert sum("access_token" in target for _, target, _ in server.requests) == 1


def test_a_401_in_the_middle_of_a_listing_loses_nothing() -> None:
    source, script = scripted(
        page(submission("b", START + 2), after="t3_b"),
        EXPIRED,
        token("tok_2"),
        page(submission("a", START + 1)),
    )
    assert ids(covered(source, SUB)) == ["a", "b"]
    assert [credentials for _, credentials in shown(script)] == [
        BASIC,
        "bearer tok_1",
        "bearer tok_1",
        BASIC,
        "bearer tok_2",
    ]
    assert script.seen[2].url == script.seen[4].url


def test_two_401_in_a_row_end_it() -> None:
    source, script = scripted(EXPIRED, token("tok_2"), EXPIRED)
    with pytest.raises(SourceRefusedError, match="The API answered HTTP 401: Unauthorized"):
        covered(source, SUB)
    assert len(script.seen) == 4


@pytest.mark.parametrize(
    ("life", "good_for"), [(86_400, 86_340), (3600, 3540), (100, 50), (None, 3540), ("x", 3540)]
)
def test_a_token_is_renewed_shortly_before_its_life_ends(life: Any, good_for: float) -> None:
    source, script = scripted(page(), page(), token("tok_2"), page())
    script.answers[0] = token("tok_1", life)
    covered(source, SUB)
    script.clock.sleep(good_for - 1)
    covered(source, SUB)
    script.clock.sleep(1)
    covered(source, SUB)
    assert [credentials for _, credentials in shown(script)] == [
        BASIC,
        "bearer tok_1",
        "bearer tok_1",
        BASIC,
        "bearer tok_2",
    ]


# --- refusals ------------------------------------------------------------------------------------

FORBIDDEN = {"reason": "private", "message": "Forbidden", "error": 403}
MISSING = {"message": "Not Found", "error": 404}
BLOCKED = "<html><body><h1>whoa there, pardner!</h1></body></html>"
NO_OBJECT = (
    "The API at http://api.test answered HTTP {} without a JSON object: is the address right, and "
    "are we let in?"
)
REFUSALS = {
    "private": (answer(FORBIDDEN, 403), QueryRefusedError, "HTTP 403: private"),
    "quarantined": (
        answer({"message": "Forbidden", "error": 403}, 403),
        QueryRefusedError,
        "HTTP 403: Forbidden",
    ),
    "bare": (answer({"error": 403}, 403), QueryRefusedError, "HTTP 403: None"),
    "banned": (answer({**MISSING, "reason": "banned"}, 404), QueryRefusedError, "HTTP 404: banned"),
    "unknown": (
        answer({}, 302, location="/subreddits/search?q=x"),
        QueryRefusedError,
        "there is no such subreddit",
    ),
    "blocked": (answer(BLOCKED, 403), SourceRefusedError, NO_OBJECT.format(403)),
    "a page": (answer("<h1>Reddit</h1>"), SourceRefusedError, NO_OBJECT.format(200)),
    "no listing": (
        answer({"kind": "Listing"}),
        SourceRefusedError,
        "The API: a listing without children",
    ),
    "teapot": (answer({"message": "no"}, 418), SourceRefusedError, "The API answered HTTP 418: no"),
}


@pytest.mark.parametrize(("refusal", "kind", "line"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_told_in_one_line(refusal: Any, kind: type[Exception], line: str) -> None:
    source, script = scripted(refusal)
    with pytest.raises(kind) as caught:
        covered(source, SUB, DAY, NEXT)
    assert (str(caught.value), len(script.seen)) == (line, 2)


@pytest.mark.parametrize(
    ("quirks", "sub", "line"),
    [
        (["closed-subs"], "secret", "HTTP 403: private"),
        (["closed-subs"], "ferguson", "HTTP 403: Forbidden"),
        ([], "nowhere", "HTTP 404: Not Found"),
        (["sub-redirect"], "nowhere", "there is no such subreddit"),
    ],
)
def test_a_subreddit_that_is_closed_or_gone_leaves_the_others_readable(
    tmp_path: Any, quirks: list[str], sub: str, line: str
) -> None:
    items = [
        submission("a"),
        submission("b", subreddit="secret", subreddit_type="private"),
        submission("c", subreddit="ferguson", quarantine=True),
    ]
    with serving(tmp_path, "reddit", items, quirks=quirks) as server:
        source = of(server)
        with pytest.raises(QueryRefusedError) as caught:
            covered(source, sub)
        assert str(caught.value) == line
        assert ids(covered(source, SUB)) == ["a"]


@pytest.mark.parametrize(
    ("refusal", "line"),
    [
        (
            answer({"message": "Unauthorized", "error": 401}, 401),
            "Reddit gives no token (HTTP 401)",
        ),
        (answer({"error": "unsupported_grant_type"}), "Reddit gives no token (HTTP 200)"),
        (answer({"access_token": None}), "Reddit gives no token (HTTP 200)"),
        (answer(BLOCKED, 403), "The API at http://api.test answered HTTP 403 without a JSON"),
    ],
)
def test_wrong_credentials_are_named_but_never_shown(
    refusal: Any, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    source, script = scripted()
    script.answers[:] = [refusal]
    with pytest.raises(SourceRefusedError) as caught:
        covered(source, SUB)
    assert str(caught.value).startswith(line)
    assert len(script.seen) == 1
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    assert CLIENT[1] not in told
    assert BASIC not in told


def test_no_token_is_in_an_error_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    source, _ = scripted(*[answer({}, 500)] * 6)
    with pytest.raises(SourceUnavailableError) as caught:
        covered(source, SUB)
    told = caplog.text + "".join(traceback.format_exception(caught.value))
    assert "retry 5 of 5" in told
    assert "tok_1" not in told
    assert CLIENT[1] not in told


def test_no_request_carries_a_cookie() -> None:
    source, script = scripted(page(submission("a"), after="t3_a"), page())
    script.answers[0] = lambda: _with_cookie(TOKEN())
    covered(source, SUB)
    assert [request.headers.get("cookie") for request in script.seen] == [None] * 3


def _with_cookie(response: Any) -> Any:
    response.headers["set-cookie"] = "loid=spy; Domain=.test; Path=/"
    return response
