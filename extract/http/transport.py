"""The one HTTP door: paced, patient and honest about why it gave up.

`RetryTransport` sits below an httpx client (huggingface_hub's, or one of our own), so every
request of every library that uses the client obeys the same pace and the same retry rule. It reads
each body to its end and checks that JSON is JSON, because a cut-off or broken body is a failure of
the request, not of the code that reads it later.
"""

import email.utils
import ipaddress
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.request import getproxies, proxy_bypass

import httpx
import orjson
from huggingface_hub import constants
from huggingface_hub.utils import parse_ratelimit_headers
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from assay.extract.http.rate_limit import Clock, RateLimiter, SystemClock

log = logging.getLogger(__name__)

# The largest answers of the sources are some megabytes. A few kilobytes of compressed nothing can
# unfold into gigabytes.
MAX_BYTES = 128_000_000
# A source that sends a byte a minute never times out. An answer may take so many time-outs in all.
MAX_ANSWER = 5
_OF_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")
RETRY_STATUSES = frozenset({408, 429, *range(500, 600)} - {501})


class SourceRefusedError(Exception):
    """A source turned us away for good, say for a wrong key; one line that says what to do."""


class SourceUnavailableError(Exception):
    """A source could not be read, after every retry; the message is one line for a person."""


class _TryAgainError(Exception):
    """One attempt failed in a way that another may not; `wanted_wait`: seconds the source asks."""

    def __init__(self, reason: str, wanted_wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wanted_wait = wanted_wait


@dataclass(frozen=True)
class RetryPolicy:
    """How a source is asked.

    min_interval: seconds between the starts of two requests. backoff: seconds before each retry,
    so its length is the number of retries. timeout: seconds without an answer, or without a further
    part of one. max_wait: the longest pause in seconds that a source may ask for before we give it
    up instead.
    """

    min_interval: float = 0.5
    backoff: Sequence[float] = (4.0, 8.0, 16.0, 32.0, 60.0)
    timeout: float = 60.0
    max_wait: float = 900.0


@dataclass(frozen=True)
class RateLimitHint:
    """What a source says in its own way: wait so many seconds, and whether to ask again.

    again: why the same request must be sent once more, None when the answer is one.
    """

    wait: float = 0.0
    again: str | None = None


ReadWish = Callable[[httpx.Response, float], RateLimitHint]


class RetryTransport(httpx.BaseTransport):
    """Paces requests and retries what may pass: 408, 429, 5xx, time-outs, cut or broken bodies.

    Raises SourceUnavailableError when the retries are used up, or when the source asks for a pause
    longer than `retry_policy.max_wait`. Every other answer, errors included, is handed on as it
    came. `most`: requests in any 60 s, 0 for no limit. `parse_rate_limit` reads an answer and the
    time (seconds since the epoch) for what the source asks in its own way.
    """

    def __init__(
        self,
        source: str,
        retry_policy: RetryPolicy,
        *,
        most: int = 0,
        parse_rate_limit: ReadWish | None = None,
        inner: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.source = source
        self.retry_policy = retry_policy
        self.clock = clock or SystemClock()
        self.pace = RateLimiter(retry_policy.min_interval, self.clock, source, most)
        self._read_wish = parse_rate_limit or (lambda response, now: RateLimitHint())
        self.requests = 0
        self.retries = 0
        self._count_lock = threading.Lock()
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, as often as it takes within the rules above."""
        tries = len(self.retry_policy.backoff) + 1
        retrying = Retrying(
            stop=stop_after_attempt(tries),
            wait=self._wait_time,
            retry=retry_if_exception_type(_TryAgainError),
            sleep=self.clock.sleep,
            before_sleep=self._say_waiting,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request)
        except _TryAgainError as failure:
            raise SourceUnavailableError(
                f"{self.source} does not answer {request.method} "
                f"{request.url.copy_with(query=None)} after {tries} tries: {failure}. "
                "Try again later"
            ) from failure

    def close(self) -> None:
        """Close the connections below."""
        self._inner.close()

    def _attempt(self, request: httpx.Request) -> httpx.Response:
        self._refuse_long_wait(self.pace.pending())
        with self.pace.turn():
            response = self._send(request)
        wish = self._read_wish(response, self.clock.time())
        asked = self._asked_wait(response, wish)
        if response.status_code in RETRY_STATUSES or wish.again:
            self._refuse_long_wait(asked)
            raise _TryAgainError(wish.again or f"HTTP {response.status_code}", asked)
        if response.status_code == 200 and not _is_readable(response):
            raise _TryAgainError("the answer is not valid JSON", asked)
        return response

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Send once and read the answer to its end."""
        with self._count_lock:
            self.requests += 1
        # Not setdefault: an httpx client always sets a time-out, 5 s when it was told none.
        request.extensions["timeout"] = httpx.Timeout(self.retry_policy.timeout).as_dict()
        try:
            response = self._inner.handle_request(request)
            try:
                return self._read(response)
            finally:
                response.close()
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol):
            raise  # our own mistake: asking again makes it no better
        except httpx.TransportError as error:
            raise _TryAgainError(_transport_reason(error)) from error
        except httpx.DecodingError as error:
            raise _TryAgainError(f"the compressed body is broken ({error})") from error

    def _read(self, response: httpx.Response) -> httpx.Response:
        """Return the answer with its whole body, unfolded.

        Raises SourceUnavailableError when that is larger than any honest one, _TryAgainError when
        it comes so slowly that it may never end.
        """
        body = bytearray()
        longest = MAX_ANSWER * self.retry_policy.timeout
        ends = self.clock.monotonic() + longest
        for part in response.iter_bytes():
            body += part
            if self.clock.monotonic() > ends:
                raise _TryAgainError(f"the answer was not at its end after {longest:.0f} s")
            if len(body) > MAX_BYTES:
                raise SourceUnavailableError(
                    f"{self.source} sends more than {MAX_BYTES // 1_000_000} MB as one answer, "
                    "which none of its real ones has: is the address right?"
                )
        headers = [item for item in response.headers.raw if item[0].lower() not in _OF_TRANSFER]
        return httpx.Response(
            response.status_code,
            headers=headers,
            content=bytes(body),
            extensions=response.extensions,
        )

    def _asked_wait(self, response: httpx.Response, wish: RateLimitHint) -> float:
        """Return the seconds this answer asks us to wait, and hold back all requests if it does."""
        asked = max(wish.wait, retry_after(response.headers, self.clock.time()))
        window = parse_ratelimit_headers(response.headers)
        if window is not None and window.remaining == 0:
            # One second more, as the Hub's own client does: t is rounded down.
            asked = max(asked, window.reset_in_seconds + 1.0)
        if asked:
            self.pace.not_before(asked)
        return asked

    def _refuse_long_wait(self, seconds: float) -> None:
        if seconds > self.retry_policy.max_wait:
            raise SourceUnavailableError(
                f"{self.source} asks to wait {seconds:.0f} s, more than we do "
                f"({self.retry_policy.max_wait:.0f} s): run again after that"
            )

    def _wait_time(self, state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wanted_wait if isinstance(failure, _TryAgainError) else 0.0
        # tenacity asks for the wait before it asks whether to stop, so also after the last try.
        return max(*self.retry_policy.backoff[state.attempt_number - 1 :][:1], asked, 0.0)

    def _say_waiting(self, state: RetryCallState) -> None:
        self.retries += 1
        reason = state.outcome.exception() if state.outcome else "?"
        seconds = state.next_action.sleep if state.next_action else 0.0
        log.warning(
            "%s: %s; retry %d of %d in %.0f s",
            self.source,
            reason,
            state.attempt_number,
            len(self.retry_policy.backoff),
            seconds,
        )


def retry_after(headers: httpx.Headers, now: float) -> float:
    """Return the seconds that a Retry-After header asks for: a number or an HTTP date, else 0."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return 0.0


def parse_json(body: bytes) -> object:
    """Parse JSON, taking the half surrogate pairs that strict parsers refuse but APIs send.

    Raises ValueError when the body is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _whole(json.loads(body.decode("utf-8", errors="replace")))


def _whole(value: object) -> object:
    """Replace half surrogate pairs, which no UTF-8 text can hold, by question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def parsed(response: httpx.Response) -> object:
    """Return the JSON of an answer that came through RetryTransport, parsed once."""
    if "parsed" not in response.extensions:
        response.extensions["parsed"] = parse_json(response.content)
    return response.extensions["parsed"]


def _is_readable(response: httpx.Response) -> bool:
    if "json" not in response.headers.get("content-type", ""):
        return True
    try:
        parsed(response)
    except (ValueError, RecursionError):
        return False
    return True


def _transport_reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return "the server is not there (connection refused or name unknown)"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer was cut off"
    return f"{type(error).__name__}: {error}"


def network(endpoint: str) -> httpx.HTTPTransport:
    """Return the transport below: with the proxy that the environment names for an address, since
    httpx looks for one itself only without a transport of ours."""
    url = httpx.URL(endpoint)
    direct = is_loopback(endpoint) or proxy_bypass(url.host)
    return httpx.HTTPTransport(proxy=None if direct else getproxies().get(url.scheme))


def is_loopback(endpoint: str) -> bool:
    """Tell whether an address is this machine's own."""
    host = httpx.URL(endpoint).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_not_asked(endpoint: str) -> str | None:
    """Say in one line why an address is not asked: HF_HUB_OFFLINE is set, and it is not this
    machine's own; None when it may be asked."""
    if constants.is_offline_mode() and not is_loopback(endpoint):
        return f"HF_HUB_OFFLINE is set, so {endpoint} is not asked: unset it"
    return None
