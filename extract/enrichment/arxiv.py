"""arXiv as this project asks it: papers by id, in batches, at arXiv's own pace.

Why the package `arxiv` is not used is in docs/decisions/enrichment.md.
https://info.arxiv.org/help/api/user-manual.html
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import httpx
from lxml import etree

from assay.common.net import is_loopback
from assay.extract.http.client import Api
from assay.extract.http.rate_limit import Clock
from assay.extract.http.transport import (
    RateLimitHint,
    RetryPolicy,
    SourceRefusedError,
    SourceUnavailableError,
    why_not_asked,
)

log = logging.getLogger(__name__)

BATCH = 100  # ids in one request: an address of 1.2 kB, which every proxy lets pass
MIN_INTERVAL_SECONDS = 3.0  # https://info.arxiv.org/help/api/tou.html
# How often what a feed lacks is asked for again: pages come empty now and then, and the service
# of before November 2025 counts missing ids as found.
LOOKS = 4

_SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "opensearch": "http://a9.com/-/spec/opensearch/1.1/",
}
_FEED = f"{{{_SPACES['atom']}}}feed"
_VERSION = re.compile(r"v(\d+)$")
_ERROR = "/api/errors"
_BAD_ID = re.compile(r"incorrect[ _]id[ _]format[ _]for[ _](.+?)\s*$")


@dataclass(frozen=True)
class Feed:
    """One answer: papers by id without version, how many arXiv says there are, or its complaint."""

    papers: dict[str, dict[str, Any]]
    total: int
    error: str | None = None


@dataclass(frozen=True)
class Looked:
    """What asking for some ids came to. An id in none of the three is not on arXiv."""

    papers: dict[str, dict[str, Any]]
    malformed: frozenset[str]
    unclear: frozenset[str] = frozenset()  # arXiv would not say


class Arxiv:
    """A polite session with arXiv. Use as a context manager, from one thread."""

    def __init__(
        self,
        endpoint: str,
        retry_policy: RetryPolicy,
        *,
        clock: Clock | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        if not is_loopback(endpoint):
            pause = max(retry_policy.min_interval, MIN_INTERVAL_SECONDS)
            retry_policy = replace(retry_policy, min_interval=pause)
        self.api = Api(
            f"arXiv at {endpoint}",
            endpoint,
            retry_policy,
            user_agent="assay/0.1 (hf_enrichment)",
            most=0,
            parse_rate_limit=_parse_rate_limit,
            clock=clock,
            inner=inner,
        )

    @property
    def clock(self) -> Clock:
        """What time it is to this session."""
        return self.api.transport.clock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.api.close()

    def look(self, ids: Sequence[str]) -> Looked:
        """Ask for papers by id, at most BATCH of them.

        Raises SourceUnavailableError after all retries, SourceRefusedError when what answers is
        not arXiv.
        """
        papers: dict[str, dict[str, Any]] = {}
        malformed: set[str] = set()
        waiting = list(ids)
        looks = 0
        while waiting:
            feed = self._ask(waiting)
            if feed.error is not None:
                # One bad id spoils the answer for all the others.
                bad = _named_in(feed.error, waiting)
                if bad is None:
                    return self._halves(waiting, papers, malformed, feed.error)
                malformed.add(bad)
                waiting.remove(bad)
                continue
            came = {
                name: feed.papers[key] for name in waiting if (key := _key(name)) in feed.papers
            }
            papers |= came
            waiting = [name for name in waiting if name not in came]
            looks += 1
            if looks == LOOKS or feed.total <= len(feed.papers):
                break
        return Looked(papers, frozenset(malformed))

    def _halves(
        self, ids: list[str], papers: dict[str, Any], malformed: set[str], error: str
    ) -> Looked:
        """Ask for each half by itself, to find the id that arXiv complains of without a name."""
        if len(ids) == 1:
            log.warning("arXiv refuses %s: %s", ids[0], error[:200])
            return Looked(papers, frozenset(malformed), frozenset(ids))
        parts = [self.look(ids[: len(ids) // 2]), self.look(ids[len(ids) // 2 :])]
        return Looked(
            papers | parts[0].papers | parts[1].papers,
            frozenset(malformed).union(*(part.malformed for part in parts)),
            frozenset[str]().union(*(part.unclear for part in parts)),
        )

    def _ask(self, ids: list[str]) -> Feed:
        if reason := why_not_asked(self.api.endpoint):
            raise SourceRefusedError(reason)
        asked = {"id_list": ",".join(ids), "start": 0, "max_results": len(ids)}
        response = self.api.get("api/query", asked)
        feed = read_feed(response.content)
        if feed is None:
            raise SourceRefusedError(
                f"{self.api.endpoint}/api/query answered HTTP {response.status_code} without a "
                "feed: is ARXIV_ENDPOINT right?"
            )
        if response.status_code >= 400 and feed.error is None:
            raise SourceUnavailableError(f"{self.api.name} answered HTTP {response.status_code}")
        return feed


def read_feed(body: bytes) -> Feed | None:
    """Read an Atom feed of arXiv's, None when the body is none."""
    # Nothing is fetched and no entity expanded, whatever the document declares.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    if root.tag != _FEED:
        return None
    papers = {}
    for entry in root.iterfind("atom:entry", _SPACES):
        address = _text(entry, "atom:id") or ""
        if _ERROR in address:
            return Feed({}, 0, _text(entry, "atom:summary") or address)
        if paper := _paper(address, entry):
            papers[_key(paper["id"])] = paper
    total = _text(root, "opensearch:totalResults") or ""
    return Feed(papers, int(total) if total.isascii() and total.isdigit() else len(papers))


def _paper(address: str, entry: Any) -> dict[str, Any] | None:
    """Read one entry; None when its address is not that of a paper."""
    _, slash, name = address.partition("/abs/")
    if not slash:
        return None
    version = _VERSION.search(name)
    primary = entry.find("arxiv:primary_category", _SPACES)
    return {
        "id": _VERSION.sub("", name),
        "version": int(version[1]) if version else None,
        "title": _text(entry, "atom:title"),
        "summary": _text(entry, "atom:summary"),
        "authors": list(_texts(entry, "atom:author/atom:name")),
        "primary_category": None if primary is None else primary.get("term"),
        "categories": [
            found.get("term")
            for found in entry.iterfind("atom:category", _SPACES)
            if found.get("term")
        ],
        "published": _text(entry, "atom:published"),
        "updated": _text(entry, "atom:updated"),
        "doi": _text(entry, "arxiv:doi"),
        "journal_ref": _text(entry, "arxiv:journal_ref"),
        "comment": _text(entry, "arxiv:comment"),
    }


def _text(node: Any, path: str) -> str | None:
    """Return a text in one line, as arXiv breaks lines where its own page is full."""
    return next(_texts(node, path), None)


def _texts(node: Any, path: str) -> Iterator[str]:
    for found in node.iterfind(path, _SPACES):
        if text := " ".join("".join(found.itertext()).split()):
            yield text


def _key(name: str) -> str:
    """Return how an id is compared: arXiv answers math.GT/0309136 as math/0309136."""
    archive, slash, number = name.partition("/")
    return f"{archive.partition('.')[0]}/{number}" if slash else name


def _named_in(error: str, ids: list[str]) -> str | None:
    """Return the id that a complaint is about, None when it names none of those asked for."""
    found = _BAD_ID.search(error)
    return found[1] if found and found[1] in ids else None


def _parse_rate_limit(response: httpx.Response, now: float) -> RateLimitHint:
    """Ask again when a good answer is cut off, empty, or a page that is no feed."""
    if response.status_code == 200 and read_feed(response.content) is None:
        return RateLimitHint(retry_reason="the answer is no Atom feed")
    return RateLimitHint()
