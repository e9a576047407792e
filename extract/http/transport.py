"""HTTP for every source: rate limits, retries, and one line about why a source was given up.

`RetryTransport` sits below an httpx client (huggingface_hub's, or one of our own), so every
request of every library that uses the client obeys the same limits and the same retry rule. It
reads each body to its end and checks that JSON is JSON, because a cut-off or broken body is a
failure of the request, not of the code that reads it later.
"""

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

from assay.common.net import (
    LongWaitError,
    Retry,
    TransientError,
    check_wait,
    is_loopback,
    retry_after,
    with_retries,
)
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
    """What a source says of its limit in its own way, beside what HTTP has for it.

    retry_after: seconds in which no request may be sent. retry_reason: why the same request must be
    sent once more, None when its answer is one.
    """

    retry_after: float = 0.0
    retry_reason: str | None = None


ParseRateLimit = Callable[[httpx.Response, float], RateLimitHint]


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
        parse_rate_limit: ParseRateLimit | None = None,
        inner: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.source = source
        self.retry_policy = retry_policy
        self.clock = clock or SystemClock()
        self.rate_limiter = RateLimiter(retry_policy.min_interval, self.clock, source, most)
        self._parse_rate_limit = parse_rate_limit or (lambda response, now: RateLimitHint())
        self.requests = 0
        self.retries = 0
        self._count_lock = threading.Lock()
        self._inner = inner or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, as often as it takes within the rules above."""
        policy = self.retry_policy
        try:
            return with_retries(
                lambda: self._attempt(request),
                backoff=policy.backoff,
                max_wait=policy.max_wait,
                sleep=self.clock.sleep,
                on_retry=self._log_retry,
            )
        except LongWaitError as error:
            raise SourceUnavailableError(f"{self.source} {error}") from error
        except TransientError as failure:
            raise SourceUnavailableError(
                f"{self.source} does not answer {request.method} "
                f"{request.url.copy_with(query=None)} after {len(policy.backoff) + 1} tries: "
                f"{failure}. Try again later"
            ) from failure

    def close(self) -> None:
        """Close the connections below."""
        self._inner.close()

    def _attempt(self, request: httpx.Request) -> httpx.Response:
        check_wait(self.rate_limiter.pending(), self.retry_policy.max_wait)
        with self.rate_limiter.acquire():
            response = self._send(request)
        hint = self._parse_rate_limit(response, self.clock.time())
        wait = self._requested_wait(response, hint)
        if response.status_code in RETRY_STATUSES or hint.retry_reason:
            raise TransientError(hint.retry_reason or f"HTTP {response.status_code}", wait)
        if response.status_code == 200 and not _is_readable(response):
            raise TransientError("the answer is not valid JSON", wait)
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
            raise TransientError(_transport_reason(error)) from error
        except httpx.DecodingError as error:
            raise TransientError(f"the compressed body is broken ({error})") from error

    def _read(self, response: httpx.Response) -> httpx.Response:
        """Return the answer with its whole body, unfolded.

        Raises SourceUnavailableError when that is larger than any honest one, TransientError when
        it comes so slowly that it may never end.
        """
        body = bytearray()
        longest = MAX_ANSWER * self.retry_policy.timeout
        ends = self.clock.monotonic() + longest
        for part in response.iter_bytes():
            body += part
            if self.clock.monotonic() > ends:
                raise TransientError(f"the answer was not at its end after {longest:.0f} s")
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

    def _requested_wait(self, response: httpx.Response, hint: RateLimitHint) -> float:
        """Return the seconds that an answer asks us to wait; no request is sent before they are
        over."""
        wait = max(hint.retry_after, retry_after(response.headers, self.clock.time()))
        window = parse_ratelimit_headers(response.headers)
        if window is not None and window.remaining == 0:
            # One second more, as the Hub's own client does: t is rounded down.
            wait = max(wait, window.reset_in_seconds + 1.0)
        if wait:
            self.rate_limiter.pause(wait)
        return wait

    def _log_retry(self, retry: Retry) -> None:
        self.retries += 1
        log.warning("%s: %s", self.source, retry)


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


def why_not_asked(endpoint: str) -> str | None:
    """Say in one line why an address is not asked: HF_HUB_OFFLINE is set, and it is not this
    machine's own; None when it may be asked."""
    if constants.is_offline_mode() and not is_loopback(endpoint):
        return f"HF_HUB_OFFLINE is set, so {endpoint} is not asked: unset it"
    return None
