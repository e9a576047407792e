"""Asking servers again: how long they ask us to wait, when to retry, and whose address it is."""

import email.utils
import hashlib
import ipaddress
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_base

# Nobody waits that long. A larger number in a header is as good as this one, and this one can be
# added to a clock and printed.
MAX_RETRY_AFTER = 366 * 86_400.0  # seconds

Returned = TypeVar("Returned")

# "Please try again in 7m12s", "Please retry after 33 seconds", and Google's "retryDelay": "20s".
_AMOUNT = (
    r"\d+(?:\.\d+)?\s*(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)"
    r"(?![a-z])"
)
_WAIT = re.compile(
    r"(?:\b(?:re)?try(?:\s+[a-z]+){0,3}?\s+(?:in|after)|\bwait(?:\s+for)?|retrydelay)[\s\"':\\\\]+"
    rf"((?:{_AMOUNT}[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "mi": 60.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "s": 1.0}


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float:
    """Return the seconds that an answer's headers ask us to wait, 0 when they ask for nothing.

    Read are retry-after-ms (milliseconds, as OpenAI and Azure send it) and then Retry-After, which
    is a number of seconds or an HTTP date (RFC 9110, 10.2.3). headers: of httpx, which do not
    distinguish upper and lower case. now: seconds since the epoch, by default this machine's
    clock. Whatever a server sends, the result is between 0 and MAX_RETRY_AFTER.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until(value, time.time() if now is None else now)
    return _bounded(seconds)


def wait_in_words(text: str) -> float:
    """Return the seconds that a message asks us to wait, the longest where it names several.

    Read is what language models' providers write, beside or in place of a header: "Please try again
    in 1h2m", "in 172ms", "retry after 33 seconds". 0 when nothing is asked for, and at most
    MAX_RETRY_AFTER.
    """
    waits = (
        sum(float(number) * _unit(word) for number, word in _PART.findall(found))
        for found in _WAIT.findall(text)
    )
    return _bounded(max(waits, default=0.0))


def _unit(word: str) -> float:
    """Return the seconds of a unit: ms and milliseconds, m and minutes, h, d, s and the rest."""
    word = word.lower()
    if word.startswith("mil"):
        word = "ms"
    return next(seconds for start, seconds in _SECONDS.items() if word.startswith(start))


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return None if math.isnan(found) else found


def _seconds_until(http_date: str, now: float) -> float:
    try:
        moment = email.utils.parsedate_to_datetime(http_date)
        # A date whose zone is "-0000" comes without one; HTTP knows no other zone than UTC.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.timestamp() - now
    except (ValueError, OverflowError, TypeError, IndexError):
        return 0.0  # no date, or one with a zone or a year that no calendar has


def _bounded(seconds: float) -> float:
    return min(max(0.0, seconds), MAX_RETRY_AFTER)


class TransientError(Exception):
    """One attempt failed in a way that another may not.

    retry_after: seconds that the server asks us to wait before the next one.
    """

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class LongWaitError(Exception):
    """A server asks for a longer pause than we make; the message says so, without its name."""

    def __init__(self, seconds: float, max_wait: float) -> None:
        super().__init__(
            f"asks to wait {seconds:.0f} s, more than we do ({max_wait:.0f} s): "
            "run again after that"
        )


def check_wait(seconds: float, max_wait: float) -> None:
    """Raise LongWaitError for a pause of more than `max_wait` seconds."""
    if seconds > max_wait:
        raise LongWaitError(seconds, max_wait)


@dataclass(frozen=True)
class Retry:
    """A retry that is about to come: the number-th of `most`, in `seconds`, because of `reason`."""

    reason: str
    number: int
    most: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.reason}; retry {self.number} of {self.most} in {self.seconds:.0f} s"


def with_retries(
    attempt: Callable[[], Returned],
    *,
    backoff: Sequence[float],
    on_retry: Callable[[Retry], None],
    max_wait: float = math.inf,
    sleep: Callable[[float], object] = time.sleep,
) -> Returned:
    """Return what `attempt` returns, calling it again as long as it raises TransientError.

    backoff: seconds before each retry, so its length is the number of retries. Before a retry it
    waits as long as that or as the server asks, whichever is more. Raises the last TransientError
    when the retries are used up, and LongWaitError when the server asks for more than `max_wait`
    seconds; any other error of `attempt` passes.
    """

    def tell(state: RetryCallState) -> None:
        reason = str(state.outcome.exception()) if state.outcome else ""
        seconds = state.next_action.sleep if state.next_action else 0.0
        on_retry(Retry(reason, state.attempt_number, len(backoff), seconds))

    return Retrying(
        stop=stop_after_attempt(len(backoff) + 1),
        wait=_WaitAsAsked(backoff, max_wait),
        retry=retry_if_exception_type(TransientError),
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )(attempt)


class _WaitAsAsked(wait_base):
    """The back-off, or what the server asks where that is more."""

    def __init__(self, backoff: Sequence[float], max_wait: float) -> None:
        self._backoff, self._max_wait = backoff, max_wait

    def __call__(self, retry_state: RetryCallState) -> float:
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        asked = failure.retry_after if isinstance(failure, TransientError) else 0.0
        check_wait(asked, self._max_wait)
        # tenacity asks how long to wait before it asks whether to stop: after the last try as well.
        failed = retry_state.attempt_number
        return max(self._backoff[failed - 1] if failed <= len(self._backoff) else 0.0, asked)


@dataclass(frozen=True)
class Doubling(Sequence[float]):
    """A back-off of `retries` waits: `first` seconds, doubled each time, at most `most`.

    spread: up to this share is added to each wait, by `seed` and always the same for it, so that
    those who failed at the same moment do not come back at the same moment.
    """

    first: float
    most: float
    retries: int
    spread: float = 0.0
    seed: str = ""

    def __len__(self) -> int:
        return self.retries

    def __getitem__(self, index: int) -> float:
        if not 0 <= index < self.retries:
            raise IndexError(index)
        added = self.spread * _share(f"{self.seed} {index}") if self.spread else 0.0
        return min(self.first * 2.0 ** min(index, 64), self.most) * (1.0 + added)


def _share(text: str) -> float:
    """Return a number in [0, 1) that depends on nothing but the text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32


def is_loopback(address: str) -> bool:
    """Tell whether an address, such as http://127.0.0.1:8090, is this machine's own."""
    try:
        host = httpx.URL(address).host
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except (ValueError, httpx.InvalidURL):
        return False
