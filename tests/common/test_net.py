"""What a server may ask of us, and what we do when it fails."""

import email.utils

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.common.net import (
    MAX_RETRY_AFTER,
    Doubling,
    LongWaitError,
    Retry,
    TransientError,
    is_loopback,
    retry_after,
    wait_in_words,
    with_retries,
)

NOW = 1_761_000_000.0  # 2025-10-20 22:40:00 UTC


def asked(value: str, name: str = "Retry-After") -> float:
    return retry_after(httpx.Headers({name: value}), NOW)


def http_date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 7.5 ", 7.5),
        ("0", 0.0),
        ("-8", 0.0),
        ("nan", 0.0),
        ("inf", MAX_RETRY_AFTER),
        ("-inf", 0.0),
        ("1e300", MAX_RETRY_AFTER),
        ("9" * 5000, MAX_RETRY_AFTER),
        ("soon", 0.0),
        ("", 0.0),
        ("120, 60", 0.0),
        (http_date(45), 45.0),
        (http_date(-60), 0.0),
        ("Mon, 20 Oct 2025 22:41:00 GMT", 60.0),
        ("Mon, 20 Oct 2025 22:41:00 -0000", 60.0),
        ("Mon, 20 Oct 2025 22:41:00", 60.0),
        ("Tue, 21 Oct 2025 00:41:00 +0200", 60.0),
        ("Monday, 20-Oct-25 22:41:00 GMT", 60.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER),
        ("Mon, 20 Oct 2025 22:41:00 +99999999999999999999", 0.0),
        ("Mon, 20 Oct 2025 22:41:00 -2400", 0.0),
        ("Mon, 20 Oct 99999 22:41:00 GMT", 0.0),
        ("Mon, 20 Oct 0001 00:00:00 +2359", 0.0),
        ("Mon, 99 Oct 2025 99:99:99 GMT", 0.0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_and_anything_else_asks_for_nothing(
    value: str, seconds: float
) -> None:
    assert asked(value) == seconds


@given(st.text(), st.text())
def test_no_header_is_an_error_or_out_of_bounds(value: str, milliseconds: str) -> None:
    headers = {"retry-after": value, "retry-after-ms": milliseconds}
    assert 0.0 <= retry_after(headers, NOW) <= MAX_RETRY_AFTER


@given(
    st.integers(0, 99),
    st.sampled_from(["Jan", "Oct", "Dec", "Xyz"]),
    st.integers(0, 10**6),
    st.integers(0, 99),
    st.integers(-(10**30), 10**30),
)
def test_no_date_is_an_error_or_out_of_bounds(
    day: int, month: str, year: int, hour: int, zone: int
) -> None:
    value = f"Mon, {day:02} {month} {year:04} {hour:02}:41:00 {zone:+05}"
    assert 0.0 <= asked(value) <= MAX_RETRY_AFTER


def test_milliseconds_are_read_first_where_they_are_a_number() -> None:
    assert asked("1500", "retry-after-ms") == 1.5
    both = {"retry-after-ms": "250", "retry-after": "1"}
    assert retry_after(both, NOW) == 0.25
    assert retry_after(both | {"retry-after-ms": "soon"}, NOW) == 1.0
    assert retry_after({"retry-after-ms": "1e300"}, NOW) == MAX_RETRY_AFTER


def test_without_a_given_time_it_is_this_machines_clock() -> None:
    date = email.utils.formatdate(usegmt=True)
    assert retry_after({"retry-after": date}) <= 1.0
    assert retry_after({}) == 0.0


class Server:
    """Fails as told, then answers; keeps what was slept and said."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.slept: list[float] = []
        self.retries: list[Retry] = []
        self.attempts = 0

    def attempt(self) -> str:
        self.attempts += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"

    def ask(self, backoff=(4.0, 8.0), **more: float) -> str:
        return with_retries(
            self.attempt,
            backoff=backoff,
            sleep=self.slept.append,
            on_retry=self.retries.append,
            **more,
        )


def test_it_waits_as_long_as_the_backoff_or_the_server_says() -> None:
    server = Server(TransientError("HTTP 500"), TransientError("HTTP 429", 30.0))
    assert server.ask() == "answer"
    assert server.slept == [4.0, 30.0]
    assert server.retries == [Retry("HTTP 500", 1, 2, 4.0), Retry("HTTP 429", 2, 2, 30.0)]


def test_the_last_failure_is_raised_at_once_when_the_retries_are_used_up() -> None:
    server = Server(*[TransientError(f"no {number}", 9.0) for number in range(5)])
    with pytest.raises(TransientError, match="no 2"):
        server.ask()
    assert (server.attempts, server.slept) == (3, [9.0, 9.0])


def test_without_backoff_there_is_one_attempt() -> None:
    server = Server(TransientError("no"))
    with pytest.raises(TransientError, match="no"):
        server.ask(backoff=())
    assert (server.attempts, server.slept) == (1, [])


def test_any_other_error_passes() -> None:
    server = Server(KeyError("ours"))
    with pytest.raises(KeyError):
        server.ask()
    assert server.attempts == 1


@pytest.mark.parametrize("failures", [1, 3])
def test_a_pause_longer_than_allowed_is_not_made(failures: int) -> None:
    server = Server(*[TransientError("no")] * (failures - 1), TransientError("HTTP 429", 901.0))
    with pytest.raises(LongWaitError) as caught:
        server.ask(max_wait=900.0)
    assert str(caught.value) == "asks to wait 901 s, more than we do (900 s): run again after that"
    assert len(server.slept) == failures - 1


def test_a_doubling_backoff_ends_at_its_longest_wait() -> None:
    assert list(Doubling(1.0, 60.0, 8)) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert Doubling(1.0, 60.0, 10**12)[10**11] == 60.0
    assert list(Doubling(0.0, 60.0, 2)) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("http://127.0.0.1:8090", True),
        ("https://localhost/v1", True),
        ("http://LOCALHOST", True),
        ("http://[::1]:80/", True),
        ("http://127.8.8.8", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost@evil.example", False),
        ("http://0.0.0.0", False),
        ("https://huggingface.co", False),
        ("localhost:8090", False),
        ("http://[::1", False),
        ("", False),
        ("no address", False),
    ],
)
def test_only_this_machines_own_addresses_are_loopback(address: str, ours: bool) -> None:
    assert is_loopback(address) is ours


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 7m12s. Need more tokens?", 432.0),
        ("Please try again in 20s", 20.0),
        ("try again in 1h2m", 3_720.0),
        ("Please try again in 172ms.", 0.172),
        ("Please try again in 50.597142857s. Visit", 50.597142857),
        ("Please retry in 20.04466179s.", 20.04466179),
        ('"retryDelay": "42s"', 42.0),
        ('{\\"retryDelay\\": \\"42s\\"}', 42.0),
        ("Please retry after 33 seconds. Please", 33.0),
        ("Retry your request after 1 minute", 60.0),
        ("try again in 2 hours and 5 minutes", 7_500.0),
        ("wait for 3 days", 259_200.0),
        ("try again in 2 s; try again in 5 s", 5.0),
        ("try again in " + "9" * 5_000 + "s", MAX_RETRY_AFTER),
        ("try again later", 0.0),
        ("an entry in 5 s", 0.0),
        ("try again in 5 million years", 0.0),
        ("", 0.0),
    ],
)
def test_a_wait_in_words_is_read_in_seconds(text: str, seconds: float) -> None:
    assert wait_in_words(text) == pytest.approx(seconds)


@given(st.text(max_size=200))
def test_whatever_is_said_the_wait_is_one_that_can_be_slept(text: str) -> None:
    assert 0 <= wait_in_words(f"try again in {text}") <= MAX_RETRY_AFTER


def test_waits_are_spread_by_a_seed_and_always_the_same_for_it() -> None:
    one, same, other = (list(Doubling(1, 60, 8, 0.5, seed)) for seed in ("a", "a", "b"))
    assert one == same != other
    plain = list(Doubling(1, 60, 8))
    assert plain == [1, 2, 4, 8, 16, 32, 60, 60]
    assert all(base <= wait < base * 1.5 for base, wait in zip(plain, one, strict=True))
