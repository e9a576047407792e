"""Faults on demand: which request is struck, and the answers that go wrong.

A fault is asked for as KIND:SHARE. The kinds share [0, 1) between them; each request draws a number
there from (seed, path and query, how often this path and query came before), so what is struck does
not depend on the order in which threads arrive, and asking again can help.
"""

from __future__ import annotations

import difflib
import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sample.wire import Api, Request, Response

KINDS = {
    "429": "over the limit, said in the API's own headers",
    "429-retry-after": "over the limit, with Retry-After: 1 and no other header",
    "429-bare": "over the limit, with no header that says for how long",
    "500": "internal error",
    "502-html": "bad gateway, with an HTML body",
    "503": "unavailable",
    "timeout": "accepts and answers nothing until the client leaves, at most 60 s",
    "slow": "answers after 2 s",
    "cut": "the body ends half-way and the connection closes",
    "malformed": "status 200 with broken JSON of the promised length",
    "gone": "closes the connection without an answer",
    "incomplete": "GitHub: incomplete_results, rows missing from the page, total_count as before",
    "github-secondary": "GitHub: the secondary limit, 403 with Retry-After: 1",
    "backoff": "StackExchange: a good body with backoff: 2, which its method then insists on",
    "throttle": "StackExchange: throttle_violation, free again in 1 s",
}
# Kinds that one API has; requests to the others are not struck by them.
OWNERS = {
    "incomplete": "/github/",
    "github-secondary": "/github/",
    "backoff": "/stackexchange/",
    "throttle": "/stackexchange/",
}
GONE_AFTER = "gone-after"

_HTML_502 = b"""<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """`shares`: (kind, share) in the order given; `gone_after`: answers before the server dies."""

    shares: tuple[tuple[str, float], ...] = ()
    gone_after: int | None = None


def parse(specs: Iterable[str]) -> Plan:
    """Read `KIND:SHARE` and `gone-after:N`.

    Raises ValueError, with the nearest kinds named, for an unknown kind, a share outside 0..1, or
    shares that sum to more than 1.
    """
    shares, gone_after = [], None
    for spec in specs:
        kind, _, amount = spec.partition(":")
        if kind == GONE_AFTER:
            if not (amount.isdecimal() and int(amount)):
                raise ValueError(
                    f"{spec}: write {GONE_AFTER}:N with a whole number of answers from 1"
                )
            gone_after = int(amount)
        elif kind in KINDS:
            shares.append((kind, _share(spec, amount)))
        else:
            known = [*KINDS, GONE_AFTER]
            near = difflib.get_close_matches(kind, known, n=3, cutoff=0.4) or known
            raise ValueError(f"unknown fault {kind!r}: did you mean {', '.join(near)}?")
    if sum(share for _, share in shares) > 1 + 1e-9:
        raise ValueError("the shares of all faults sum to more than 1")
    return Plan(tuple(shares), gone_after)


def _share(spec: str, amount: str) -> float:
    try:
        share = float(amount)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ValueError(f"{spec}: the share must be a number from 0 to 1")
    return share


def draw(seed: int, target: str, asked: int) -> float:
    """A number in [0, 1) which depends on nothing but its arguments."""
    digest = hashlib.blake2b(f"{seed}\0{target}\0{asked}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def choose(shares: Iterable[tuple[str, float]], drawn: float) -> str | None:
    """The kind whose part of [0, 1) holds `drawn`, or None."""
    edge = 0.0
    for kind, share in shares:
        edge += share
        if drawn < edge:
            return kind
    return None


class Faults:
    """Counts how often each path and query is asked, and says what strikes."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self.plan, self._seed = plan, seed
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def pick(self, target: str) -> str | None:
        """The kind of fault that strikes this ask of `target`, or None."""
        if not self.plan.shares:
            return None
        with self._lock:
            asked = self._asked[target]
            self._asked[target] += 1
        kind = choose(self.plan.shares, draw(self._seed, target, asked))
        return kind if target.startswith(OWNERS.get(kind or "", "")) else None


def spoil(  # noqa: PLR0911
    kind: str, api: Api, request: Request, honest: Callable[[], Response]
) -> Response:
    """The answer under a fault; kinds that work on the connection get the honest one."""
    own = getattr(api, "spoil", None)
    if own is not None and (response := own(kind, request, honest)) is not None:
        return response
    if kind == "429":
        return api.refused(1)
    if kind == "429-bare":
        return api.error(429, "Too Many Requests")
    if kind == "429-retry-after":
        response = api.error(429, "Too Many Requests")
        return replace(response, headers={**response.headers, "Retry-After": "1"})
    if kind == "500":
        return api.error(500, "Internal Error - We're working hard to fix this!")
    if kind == "502-html":
        return Response(502, _HTML_502, content_type="text/html")
    if kind == "503":
        return api.error(503, "Service Unavailable")
    response = honest()
    if kind == "malformed":  # without its last bracket no JSON array or object is whole
        return replace(response, status=200, body=response.body.rstrip()[:-1])
    return response
