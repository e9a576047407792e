"""The pace: in no window of 60 s more requests than a source allows, whatever the threads do."""

import itertools
import logging
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.extract.http.rate_limit import LOOK_AGAIN_SECONDS, RateLimiter
from assay.extract.http.transport import SourceUnavailableError
from tests.extract.helpers import VirtualClock, refusal, scripted
from tests.extract.posts.helpers import SteppedClock

REQUESTS, THREADS, WINDOW = 10_000, 8, 60.0
Span = tuple[float, float, float]  # a request's start, a moment within it, its end


def spans_of(
    limiter: RateLimiter, clock: SteppedClock, delays: Sequence[float], threads: int, seed: int = 0
) -> list[Span]:
    """Send a request per delay from many threads; return when each began, left and ended."""
    draw, waiting, spans = random.Random(seed), iter(delays), list[Span]()

    def body(_: int) -> None:
        for delay in waiting:  # shared: threads run one at a time
            with limiter.acquire():
                start = clock.monotonic()
                if delay:
                    clock.sleep(delay)
            end = clock.monotonic()
            spans.append((start, draw.uniform(start, end), end))

    clock.run(threads, body)
    assert len(spans) == len(delays)
    return spans


def tightest(moments: Sequence[float], most: int) -> float:
    """Return the shortest time that holds `most + 1` moments."""
    ordered = sorted(moments)
    return min((b - a for a, b in zip(ordered, ordered[most:], strict=False)), default=math.inf)


# --- the limit -----------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [30, 60, 100])
def test_10000_requests_from_8_threads_keep_the_limit_and_waste_less_than_a_tenth(
    most: int,
) -> None:
    clock, draw = SteppedClock(), random.Random(most)
    limiter = RateLimiter(0.0, clock, "GitHub", most)
    delays = [draw.uniform(0.0, 2.0) for _ in range(REQUESTS)]
    spans = spans_of(limiter, clock, delays, THREADS, seed=most)
    for moments in zip(*spans, strict=True):
        assert tightest(moments, most) > WINDOW
    least = (REQUESTS - 1) // most * WINDOW
    assert least <= max(end for _, _, end in spans) <= 1.1 * least


@pytest.mark.slow("the limit over drawn delays, threads and limits")
@given(
    most=st.integers(1, 5),
    threads=st.integers(1, 6),
    min_interval=st.sampled_from([0.0, 0.5, 30.0]),
    delays=st.lists(st.floats(0, 130, width=16), min_size=1, max_size=25),
)
@settings(max_examples=40, deadline=None)
def test_any_limit_holds_for_any_delays_and_number_of_threads(
    most: int, threads: int, min_interval: float, delays: list[float]
) -> None:
    clock = SteppedClock()
    spans = spans_of(RateLimiter(min_interval, clock, most=most), clock, delays, threads)
    for moments in zip(*spans, strict=True):
        assert tightest(moments, most) > WINDOW
    assert tightest([start for start, _, _ in spans], 1) >= min_interval - 1e-9


def test_a_turn_counts_until_60_seconds_after_its_end() -> None:
    clock = VirtualClock()
    limiter = RateLimiter(0.0, clock, most=1)
    with limiter.acquire():
        clock.sleep(7.0)
    with limiter.acquire():
        assert clock.monotonic() == pytest.approx(67.0)
        assert clock.monotonic() > 67.0, "at 67 itself the window of 60 s still holds the first"


def test_the_limit_lets_a_burst_through_and_then_one_for_each_that_grows_old() -> None:
    clock = SteppedClock()
    limiter = RateLimiter(0.0, clock, most=3)
    spans = spans_of(limiter, clock, [1.0, 2.0, 3.0, 0.0, 0.0, 0.0], threads=1)
    assert [start for start, _, _ in spans] == pytest.approx([0, 1, 3, 61, 63, 66])


def test_without_a_limit_nobody_waits() -> None:
    clock = SteppedClock()
    spans = spans_of(RateLimiter(0.0, clock), clock, [0.0] * 500, threads=4)
    assert {start for start, _, _ in spans} == {0.0}


def test_threads_that_find_all_turns_out_look_again_until_one_is_back() -> None:
    clock = SteppedClock()
    spans = spans_of(RateLimiter(0.0, clock, most=2), clock, [10.0, 12.0, 1.0, 1.0], threads=4)
    starts = sorted(start for start, _, _ in spans)
    assert starts[:2] == [0.0, 0.0]
    assert starts[2:] == pytest.approx([70.0, 72.0], abs=LOOK_AGAIN_SECONDS)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_turn_that_fails_ends_like_any_other(error: type[BaseException]) -> None:
    clock = VirtualClock()
    limiter = RateLimiter(0.0, clock, most=1)
    with pytest.raises(error), limiter.acquire():
        clock.sleep(5.0)
        raise error
    with limiter.acquire():
        assert clock.monotonic() == pytest.approx(65.0)


def test_the_interval_and_the_limit_hold_together() -> None:
    clock = SteppedClock()
    spans = spans_of(RateLimiter(20.0, clock, most=2), clock, [0.0] * 6, threads=3)
    starts = sorted(start for start, _, _ in spans)
    assert starts == pytest.approx([0, 20, 60, 80, 120, 140])


def test_every_try_of_a_request_takes_a_turn_of_its_own() -> None:
    client, transport, script = scripted(*[refusal(500) for _ in range(9)], backoff=(1.0,) * 4)
    transport.rate_limiter = RateLimiter(0.0, script.clock, "The Hub", most=2)
    with pytest.raises(SourceUnavailableError, match="after 5 tries: HTTP 500"):
        client.get("http://hub.test/")
    assert script.starts == pytest.approx([0, 1, 60, 61, 120])


# --- what a source asks for ----------------------------------------------------------------------


def test_a_source_can_slow_us_down_but_not_make_us_faster() -> None:
    clock = VirtualClock()
    limiter, starts = RateLimiter(0.0, clock, most=1), []
    for asked in (100.0, 1.0, 0.0):
        with limiter.acquire():
            starts.append(clock.monotonic())
        limiter.pause(asked)
    with limiter.acquire():
        starts.append(clock.monotonic())
    assert starts == pytest.approx([0, 100, 160, 220])


def test_the_longest_pause_that_was_asked_for_counts() -> None:
    clock = VirtualClock()
    limiter = RateLimiter(0.0, clock)
    limiter.pause(50.0)
    limiter.pause(20.0)
    assert limiter.pending() == 50.0
    clock.sleep(20.0)
    assert limiter.pending() == 30.0
    with limiter.acquire():
        assert clock.monotonic() == 50.0
    assert limiter.pending() == 0.0


# --- what is said --------------------------------------------------------------------------------


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "assay.extract.http.rate_limit"
    ]


def test_a_wait_for_the_limit_is_told_once_by_all_threads(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "assay.extract.http.rate_limit")
    clock = SteppedClock()
    spans_of(RateLimiter(0.0, clock, "GitHub", 4), clock, [0.0] * 12, threads=8)
    line = "GitHub: waiting 60 s (4 requests in 60 s is the limit)"
    assert said(caplog) == [line, line], "12 requests are three bursts with two pauses"


def test_a_wait_that_a_source_asked_for_is_told_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "assay.extract.http.rate_limit")
    clock = SteppedClock()
    limiter = RateLimiter(0.5, clock, "Reddit", 60)
    limiter.pause(45.0)
    spans_of(limiter, clock, [0.0] * 3, threads=3)
    assert said(caplog) == ["Reddit: waiting 45 s (the source allows no request before)"]


def test_pauses_that_nobody_notices_are_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "assay.extract.http.rate_limit")
    clock = SteppedClock()
    spans_of(RateLimiter(0.5, clock, "The Hub"), clock, list(itertools.repeat(0.0, 20)), threads=2)
    assert said(caplog) == []
