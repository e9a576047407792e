"""What the server core and the APIs exchange: requests, responses and a rate-limit window."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import orjson

from assay.sample.server.hub_states import States

ARXIV_FORMS = ("new", "old")


@dataclass(frozen=True, slots=True)
class Options:
    """What a replay can be told; each API heeds what concerns it.

    `quota` requests per `window` seconds (0: unlimited), pages of at most `page_cap` items, `shift`
    items that move between two pages of a listing, `seed` for everything that is drawn. The APIs of
    posts have limits of their own, which only a quota of 0 takes off, and `quirks` by name. `repos`
    has what is declared of the Hub's "models" and "datasets"; arXiv speaks in one of two forms.
    `clock` gives the seconds by which limits, tokens and pauses end.
    """

    seed: int = 0
    quota: int = 500
    window: int = 300
    page_cap: int = 1000
    shift: int = 0
    quirks: Mapping[str, int] = field(default_factory=dict)
    repos: Mapping[str, States] = field(default_factory=dict)
    arxiv_form: str = ARXIV_FORMS[0]
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        least = {"quota": 0, "window": 1, "page_cap": 1, "shift": 0}
        for name, value in least.items():
            if getattr(self, name) < value:
                raise ValueError(f"{name} must be at least {value}")
        if self.arxiv_form not in ARXIV_FORMS:
            raise ValueError(f"the form of arXiv's answers is one of {', '.join(ARXIV_FORMS)}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `target` is path and query as sent, `path` is still percent-encoded."""

    method: str
    target: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    base: str
    body: bytes = b""

    def every(self, *names: str) -> list[str]:
        """All values sent under any of these names, in order, empty ones left out."""
        return [value for name, value in self.query if name in names and value]

    def last(self, name: str) -> str | None:
        """The last value sent under this name, or None."""
        return next((value for key, value in reversed(self.query) if key == name), None)


@dataclass(slots=True)
class Response:
    """One answer: Content-Length, Date and X-Request-Id are added by the server core."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class ApiError(Exception):
    """A request which an API refuses; carries the response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Api(Protocol):
    """One source API over a folder. `paths` are the path prefixes it owns.

    Two more methods are looked for. `meter_caller(request)` counts in place of `meter()` where
    callers have limits of their own. `spoil(kind, request, honest)` gives the answer to a fault in
    this API's own form, or None for the form that all share.
    """

    paths: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[str, ...]]

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Index the folder. Every file named in `needs` is there."""

    def answer(self, request: Request) -> Response:
        """The honest answer. May raise ApiError."""

    def error(self, status: int, message: str) -> Response:
        """An error in this API's own form."""

    def refused(self, seconds: int) -> Response:
        """This API's answer to too many requests, free again in `seconds`."""

    def meter(self) -> tuple[dict[str, str], Response | None]:
        """Count one request: the headers for its answer, and the refusal if it is over quota."""


def dumps(value: Any) -> bytes:
    """JSON; numbers that JSON does not have become null. Falls back for what orjson refuses."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer above 64 bits, a lone surrogate
        return json.dumps(value).encode()


class Window:
    """A fixed window which lets `quota` requests pass per `seconds`; 0 lets all pass."""

    UNLIMITED = 1_000_000

    def __init__(
        self, quota: int, seconds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.quota, self.seconds = quota, seconds
        self._clock, self._lock = clock, threading.Lock()
        self._started, self._taken = -math.inf, 0

    def take(self) -> tuple[bool, int, int]:
        """Count one request: (whether it may pass, requests left, whole seconds to the reset)."""
        with self._lock:
            now = self._clock()
            if now - self._started >= self.seconds:
                self._started, self._taken = now, 0
            self._taken += 1
            reset = max(1, math.ceil(self._started + self.seconds - now))
            if not self.quota:
                return True, self.UNLIMITED, reset
            return self._taken <= self.quota, max(0, self.quota - self._taken), reset
