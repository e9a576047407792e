"""Faults on demand: which request is struck, and the answers that go wrong.

A fault is asked for as KIND:SHARE, or as KIND@API:SHARE for one API alone. The kinds share [0, 1)
between them; each request draws a number there from (seed, path and query, how often this path and
query came before), so what is struck does not depend on the order in which threads arrive, and
asking again can help. down:API strikes every request to an API.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from assay.common.post_sources import POST_SOURCES
from assay.sample.server.wire import Api, Request, Response

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
    **{
        kind: f"{source.api_name or source.label}: {what}"
        for source in POST_SOURCES.values()
        for kind, what in source.recording.faults.items()
    },
    "empty-page": "arXiv: a good feed without its entries",
}
# Kinds that one API has; requests to the others are not struck by them.
OWNERS = {
    **{
        kind: f"/{source.recording.root}/"
        for source in POST_SOURCES.values()
        for kind in source.recording.faults
    },
    "empty-page": "/api/query",
}
GONE_AFTER = "gone-after"
DOWN = "down"
# What one API is, by the paths that it has.
WHERE = {
    name: re.compile(path)
    for name, path in {
        "arxiv": r"/api/query",
        "tasks": r"/api/tasks/?",
        "models": r"/api/models/?",
        "model-info": r"/api/models/.+",
        "datasets": r"/api/datasets/?",
        "dataset-info": r"/api/datasets/(?!.+/croissant$).+",
        "croissant": r"/api/datasets/.+/croissant",
        "tags": r"/api/(models|datasets)-tags-by-type",
        "hub": r"/api/(tasks|models|datasets).*",
        "wikidata": r"/w/api\.php",
        **{
            source.recording.root: rf"/{source.recording.root}/.*"
            for source in POST_SOURCES.values()
        },
    }.items()
}

_HTML_502 = b"""<html>
<head><title>502 Bad Gateway</title></head>
<body><center><h1>502 Bad Gateway</h1></center></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """`shares`: (kind, API or "" for all, share) in the order given; `down`: APIs which are;
    `gone_after`: answers before the server dies.
    """

    shares: tuple[tuple[str, str, float], ...] = ()
    gone_after: int | None = None
    down: tuple[str, ...] = ()

    def at(self, path: str) -> list[tuple[str, float]]:
        """What may strike a path: (kind, share) in the order given."""
        return [
            (kind, share)
            for kind, where, share in self.shares
            if not where or WHERE[where].fullmatch(path)
        ]


def parse(specs: Iterable[str]) -> Plan:
    """Read `KIND:SHARE`, `KIND@API:SHARE`, `down:API` and `gone-after:N`.

    Raises ValueError, with the nearest names, for an unknown kind or API, a share outside 0..1, or
    shares that sum to more than 1 for some API.
    """
    shares, gone_after, down = [], None, []
    for spec in specs:
        kind, _, amount = spec.partition(":")
        kind, at, where = kind.partition("@")
        if kind == GONE_AFTER and not at:
            if not (amount.isdecimal() and int(amount)):
                raise ValueError(
                    f"{spec}: write {GONE_AFTER}:N with a whole number of answers from 1"
                )
            gone_after = int(amount)
        elif kind == DOWN and not at:
            down.append(_known("API", amount, WHERE))
        else:
            _known("fault", kind, KINDS if at else [*KINDS, GONE_AFTER, DOWN])
            where = _known("API", where, WHERE) if at else ""
            shares.append((kind, where, _share(spec, amount)))
    for where in WHERE:
        if sum(share for _, at, share in shares if at in ("", where)) > 1 + 1e-9:
            raise ValueError("the shares of all faults sum to more than 1")
    return Plan(tuple(shares), gone_after, tuple(down))


def _known(what: str, name: str, names: Iterable[str]) -> str:
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4) or names
        raise ValueError(f"unknown {what} {name!r}: did you mean {', '.join(near)}?")
    return name


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
        path = target.partition("?")[0]
        if any(WHERE[where].fullmatch(path) for where in self.plan.down):
            return DOWN
        if not self.plan.shares:
            return None
        with self._lock:
            asked = self._asked[target]
            self._asked[target] += 1
        kind = choose(self.plan.at(path), draw(self._seed, target, asked))
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
    if kind in ("503", DOWN):
        return api.error(503, "Service Unavailable")
    response = honest()
    if kind == "malformed":  # without its last bracket no JSON array or object is whole
        return replace(response, status=200, body=response.body.rstrip()[:-1])
    return response
