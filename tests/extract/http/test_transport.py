"""The one HTTP door: its pace, its patience and what it says when it gives up."""

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.extract.http.transport import RetryPolicy, RetryTransport, SourceUnavailableError, parsed
from assay.sample.replay import ReplayServer
from assay.sample.server import faults
from tests.extract.helpers import VirtualClock, good, recorded, refusal, scripted

URL = "http://hub.test/api/models?filter=x"
JSON = {"content-type": "application/json; charset=utf-8"}
BACKOFF = [4.0, 8.0, 16.0, 32.0, 60.0]


class CutOff(httpx.SyncByteStream):
    """A body that ends before its promised length."""

    def __iter__(self) -> Iterator[bytes]:
        yield b'[{"id": "a'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message")


def body(content: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=content, headers=JSON | headers)


def broken_gzip() -> httpx.Response:
    packed = gzip.compress(b'{"good": true}' * 100)
    stream = httpx.ByteStream(packed[:20] + b"\0" * 20 + packed[40:])
    return httpx.Response(200, stream=stream, headers=JSON | {"content-encoding": "gzip"})


PASSING_FAILURES: dict[str, Any] = {
    "no answer in time": lambda: httpx.ReadTimeout("slow"),
    "no connection in time": lambda: httpx.ConnectTimeout("slow"),
    "connection refused": lambda: httpx.ConnectError("refused"),
    "connection reset": lambda: httpx.ReadError("reset"),
    "closed without an answer": lambda: httpx.RemoteProtocolError("disconnected"),
    "cut-off body": lambda: httpx.Response(200, stream=CutOff(), headers=JSON),
    "broken gzip": broken_gzip,
    "malformed JSON": lambda: body(b'[{"id": "a"}'),
    "no JSON at all": lambda: body(b""),
    "HTML from a gateway": lambda: httpx.Response(502, html="<h1>Bad Gateway</h1>"),
} | {f"HTTP {code}": lambda c=code: refusal(c) for code in (408, 429, 500, 502, 503, 504)}


# --- the pace ------------------------------------------------------------------------------------


def test_requests_start_half_a_second_apart() -> None:
    client, _, script = scripted()
    for _ in range(4):
        client.get(URL)
    assert script.starts == [0.0, 0.5, 1.0, 1.5]


def test_a_request_after_a_long_pause_starts_at_once() -> None:
    client, _, script = scripted()
    client.get(URL)
    script.clock.sleep(10)
    client.get(URL)
    assert script.starts == [0.0, 10.0]


def test_the_time_that_an_answer_takes_counts_towards_the_pace() -> None:
    clock = VirtualClock()
    client, _, script = scripted(lambda: clock.sleep(0.25) or good(), clock=clock)
    client.get(URL)
    client.get(URL)
    assert script.starts == [0.0, 0.5]


def test_threads_share_one_pace() -> None:
    clock = VirtualClock()
    client, transport, script = scripted(clock=clock)
    clock.run(4, lambda: [client.get(URL) for _ in range(5)])
    assert sorted(script.starts) == [number * 0.5 for number in range(20)]
    assert transport.requests == 20


def test_a_late_wake_up_does_not_bring_the_next_request_closer() -> None:
    client, _, script = scripted(clock=VirtualClock(0.125, 0.0))
    for _ in range(3):
        client.get(URL)
    assert min(script.gaps) >= 0.5


def test_a_pause_asked_of_one_thread_holds_back_those_already_waiting() -> None:
    clock = VirtualClock()
    exhausted = good(RateLimit='"api";r=0;t=55')
    client, _, script = scripted(lambda: clock.sleep(0.25) or exhausted, clock=clock)
    clock.run(2, lambda: client.get(URL))
    assert script.starts == [0.0, 56.25]


# --- back-off ------------------------------------------------------------------------------------


def test_five_retries_back_off_and_then_the_source_is_unavailable() -> None:
    client, transport, script = scripted(*[refusal(503) for _ in range(9)])
    with pytest.raises(SourceUnavailableError) as caught:
        client.get(URL)
    assert script.gaps == BACKOFF
    assert script.clock.monotonic() == sum(BACKOFF), "nobody waits after the last try"
    assert (transport.requests, transport.retries) == (6, 5)
    assert str(caught.value) == (
        "The Hub does not answer GET http://hub.test/api/models after 6 tries: HTTP 503. "
        "Try again later"
    )


def test_the_fifth_retry_may_still_succeed() -> None:
    client, transport, script = scripted(*[refusal(500) for _ in range(5)])
    assert client.get(URL).json() == {"good": True}
    assert script.gaps == BACKOFF
    assert (transport.requests, transport.retries) == (6, 5)


def test_every_request_has_its_own_five_retries() -> None:
    client, transport, script = scripted(refusal(500), refusal(500), good(), refusal(500))
    client.get(URL)
    client.get(URL)
    assert script.gaps == [4.0, 8.0, 0.5, 4.0]
    assert (transport.requests, transport.retries) == (5, 3)


def test_without_any_back_off_the_first_failure_ends_it() -> None:
    client, transport, _ = scripted(refusal(500), backoff=())
    with pytest.raises(SourceUnavailableError, match="after 1 tries: HTTP 500"):
        client.get(URL)
    assert (transport.requests, transport.retries) == (1, 0)


@pytest.mark.parametrize("failure", PASSING_FAILURES.values(), ids=PASSING_FAILURES)
def test_what_may_pass_is_retried(failure: Any) -> None:
    client, transport, script = scripted(failure, failure)
    assert client.get(URL).json() == {"good": True}
    assert script.gaps == [4.0, 8.0]
    assert (transport.requests, transport.retries) == (3, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 501])
def test_what_will_not_pass_is_handed_on_at_once(status: int) -> None:
    client, transport, script = scripted(refusal(status))
    answer = client.get(URL)
    assert (answer.status_code, answer.json()) == (status, {"error": "no"})
    assert (transport.requests, transport.retries, script.starts) == (1, 0, [0.0])


def test_an_answer_that_does_not_claim_to_be_json_is_not_parsed() -> None:
    client, transport, _ = scripted(httpx.Response(200, html="<h1>Hello</h1>"))
    assert client.get(URL).text == "<h1>Hello</h1>"
    assert transport.requests == 1


# --- bodies --------------------------------------------------------------------------------------


def test_half_surrogate_pairs_become_question_marks() -> None:
    client, transport, _ = scripted(body(b'{"\\ud83d": ["a\\udc00b", "\\ud83d\\ude00"]}'))
    assert parsed(client.get(URL)) == {"?": ["a?b", "\N{GRINNING FACE}"]}
    assert transport.requests == 1


def test_bytes_that_are_no_utf8_do_not_lose_the_answer() -> None:
    client, _, _ = scripted(body(b'{"name": "caf\xe9"}'))
    assert parsed(client.get(URL)) == {"name": "caf\N{REPLACEMENT CHARACTER}"}


def test_nesting_too_deep_to_read_is_a_failure_of_the_source() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    client, transport, _ = scripted(*[body(deep) for _ in range(6)])
    with pytest.raises(SourceUnavailableError, match="the answer is not valid JSON"):
        client.get(URL)
    assert transport.requests == 6


def test_nesting_that_can_be_read_is_read() -> None:
    client, _, _ = scripted(body(b"[" * 500 + b"]" * 500))
    answer, depth = parsed(client.get(URL)), 1
    while answer:
        answer, depth = answer[0], depth + 1
    assert depth == 500


# --- all of it -----------------------------------------------------------------------------------

failures = st.lists(st.sampled_from(sorted(PASSING_FAILURES)), max_size=5)


@given(st.lists(failures, min_size=1, max_size=6))
def test_any_failures_up_to_five_in_a_row_end_well_and_never_too_fast(
    runs: list[list[str]],
) -> None:
    answers = [[*(PASSING_FAILURES[name] for name in run), good] for run in runs]
    client, transport, script = scripted(*itertools.chain(*answers))
    assert [client.get(URL).json() for _ in runs] == [{"good": True}] * len(runs)
    expected = [pause for run in runs for pause in (*BACKOFF[: len(run)], 0.5)][:-1]
    assert script.gaps == expected
    failed = sum(map(len, runs))
    assert (transport.requests, transport.retries) == (failed + len(runs), failed)


KINDS = (
    "429-bare",
    "429-retry-after",
    "500",
    "502-html",
    "503",
    "timeout",
    "cut",
    "malformed",
    "gone",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_server_that_fails_once_is_asked_again(tmp_path: Path, kind: str) -> None:
    folder = recorded(tmp_path / "recorded", [], "fill-mask")
    target = "/api/tasks"
    seed = next(
        number
        for number in itertools.count()
        if faults.draw(number, target, 0) < 0.5 <= faults.draw(number, target, 1)
    )
    # A good answer takes a busy machine a while, and only one of the kinds ends by a time-out.
    patience = 2.0 if kind == "timeout" else 300.0
    transport = RetryTransport("The Hub", RetryPolicy(timeout=patience), clock=VirtualClock())
    with (
        ReplayServer(folder, faults=[f"{kind}:0.5"], seed=seed) as server,
        httpx.Client(transport=transport, timeout=patience) as client,
    ):
        answer = client.get(server.url + target).json()
    assert list(answer) == ["fill-mask"]
    outcomes = [outcome for _, _, outcome in server.requests]
    assert (outcomes, transport.requests, transport.retries) == ([kind, 200], 2, 1)
