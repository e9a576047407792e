"""The arXiv API over a folder: /api/query with id_list, as Atom in the old or the new form.

Of a search_query the recorded items know nothing, so it is refused. Sources of the behaviour: the
user manual (https://info.arxiv.org/help/api/user-manual.html) and, where the service was rewritten
in November 2025, feeds recorded before and after.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import parse_qsl

from assay.sample.apis.arxiv_feed import FORMS, Feed, render
from assay.sample.apis.repo_index import loads
from assay.sample.server.wire import ApiError, Options, Request, Response

# New style since April 2007, old style with the archive and, before 2007, a subject class.
_NAME = r"\d{4}\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}"
ID = re.compile(rf"(?P<name>{_NAME})(?:v(?P<version>[1-9]\d{{0,2}}))?")
MAX_RESULTS, REACH = 2000, 30_000
SORTS = {"relevance": "", "lastUpdatedDate": "updated", "submittedDate": "published"}
ORDERS = ("descending", "ascending")

Asked = tuple[str, int]  # an id without class and version; the version, 0 for the latest


class Paper(NamedTuple):
    """One recorded item under its id without version, and the latest version."""

    name: str
    latest: int
    item: dict[str, Any]


class Arxiv:
    """arXiv over `arxiv.jsonl`. Entries stand in an order of their own, not in that of id_list."""

    paths: ClassVar = ("/api/query",)
    needs: ClassVar = ("arxiv.jsonl",)

    def __init__(
        self,
        papers: dict[str, Paper],
        options: Options,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._papers, self._options, self._clock = papers, options, clock
        self._form = FORMS[options.arxiv_form]
        self._lock, self._last = threading.Lock(), float("-inf")

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Read the folder's papers; items without a well-formed id are left out."""
        with (folder / "arxiv.jsonl").open("rb") as lines:
            papers = filter(None, map(_paper, lines))
            return cls({paper.name: paper for paper in papers}, options)

    def answer(self, request: Request) -> Response:
        """The feed of one page. Raises ApiError with a feed of one error entry."""
        if request.path != self.paths[0]:
            return self.error(404, "Not Found")
        if request.method not in ("GET", "POST"):
            return self.error(405, "Method Not Allowed")
        if request.method == "POST":  # the manual allows it, for long lists of ids
            asked = parse_qsl(request.body.decode("utf-8", "replace"))
            request = replace(request, query=[*request.query, *asked])
        return self._asked(request)

    def _asked(self, request: Request) -> Response:
        start = self._whole(request, "start", 0)
        size = self._whole(request, "max_results", 10)
        if size > MAX_RESULTS:
            raise self._refuse(request, 400, f"max_results must be at most {MAX_RESULTS}")
        if start + size > REACH:
            raise self._refuse(request, 400, f"start + max_results must be at most {REACH}")
        sort, order = request.last("sortBy") or "relevance", request.last("sortOrder") or ORDERS[0]
        if sort not in SORTS:
            raise self._refuse(request, 400, f"sortBy must be in: {', '.join(SORTS)}")
        if order not in ORDERS:
            raise self._refuse(request, 400, f"sortOrder must be in: {', '.join(ORDERS)}")
        if request.last("search_query"):
            raise self._refuse(request, 400, "this replay cannot search: ask for an id_list")
        asked = []
        for text in filter(None, map(str.strip, (request.last("id_list") or "").split(","))):
            if (match := ID.fullmatch(text)) is None:
                status = self._form.malformed_status
                raise self._refuse(request, status, f"incorrect id format for {text}")
            name = re.sub(r"\.[A-Z]{2}/", "/", match["name"])
            asked.append((name, int(match["version"] or 0)))
        return self._page(request, asked, start, size, (sort, order == "descending"))

    def _page(
        self, request: Request, asked: list[Asked], start: int, size: int, sort: tuple[str, bool]
    ) -> Response:
        total = len(asked)
        if self._form.slices_ids:  # before it looked them up, so a missing id leaves a gap
            found = self._found(asked[start : start + size], *sort)
        else:
            found = self._found(asked, *sort)
            total, found = len(found), found[start : start + size]
        return _atom(200, render(self._form, Feed(request.query, total, start, size, found)))

    def _found(self, asked: list[Asked], sort: str, descending: bool) -> list[dict[str, Any]]:
        found = {}
        for name, version in asked:
            paper = self._papers.get(name)
            if paper is not None and version <= paper.latest:
                named = version or paper.latest
                found[name, named] = _version(paper, named)
        by = SORTS[sort]
        if by:
            return sorted(found.values(), key=lambda item: item[by], reverse=descending)
        return [found[key] for key in sorted(found, key=self._shuffled)]

    def _shuffled(self, key: tuple[str, int]) -> bytes:
        return hashlib.blake2b(f"{self._options.seed} {key}".encode(), digest_size=8).digest()

    def _whole(self, request: Request, name: str, default: int) -> int:
        text = request.last(name)
        if text is None:
            return default
        if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
            raise self._refuse(request, 400, f"{name} must be an integer")
        if int(text) < 0:
            raise self._refuse(request, 400, f"{name} must be non-negative")
        return int(text)

    def _refuse(self, request: Request, status: int, message: str) -> ApiError:
        return ApiError(_atom(status, render(self._form, Feed(request.query, error=message))))

    def error(self, status: int, message: str) -> Response:
        """What stands before arXiv's API answers in its place: a line of text, or HTML."""
        if status == 429:
            return Response(429, b"Rate exceeded.", content_type="text/plain")
        body = f"<html><body><h1>{status} {message}</h1></body></html>\n"
        return Response(status, body.encode(), content_type="text/html")

    def refused(self, seconds: int) -> Response:
        """429, which does not say for how long."""
        return self.error(429, "")

    def meter(self) -> tuple[dict[str, str], Response | None]:
        """Refuse what comes too soon, under the quirk arxiv-pace."""
        pace = self._options.quirks.get("arxiv-pace")
        if not pace:
            return {}, None
        with self._lock:
            now, before = self._clock(), self._last
            self._last = now
        return {}, self.refused(pace) if now - before < pace else None

    def spoil(self, kind: str, request: Request, honest: Callable[[], Response]) -> Response | None:
        """The faults that look otherwise in XML, and the page without entries."""
        if kind == "malformed":  # parsers that mend would not miss a last bracket
            response = honest()
            return _atom(200, response.body[: len(response.body) // 2])
        if kind == "empty-page":
            response = honest()
            entries = re.compile(rb"\s*<entry>.*</entry>", re.DOTALL)
            return _atom(response.status, entries.sub(b"", response.body))
        return None


def _atom(status: int, body: bytes) -> Response:
    return Response(status, body, content_type="application/atom+xml; charset=utf-8")


def _paper(line: bytes) -> Paper | None:
    """A recorded item: its id stands bare or as a URL, its version there or in `version`."""
    try:
        item = loads(line)
        match = ID.fullmatch(item["id"].rpartition("/abs/")[2])
        if match is None:
            return None
        return Paper(match["name"], int(match["version"] or item.get("version") or 1), item)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _version(paper: Paper, version: int) -> dict[str, Any]:
    """The item as that version: of earlier ones only the first day is known."""
    dates = {name: str(paper.item.get(name) or "") for name in ("published", "updated")}
    if version < paper.latest:
        dates["updated"] = dates["published"]
    return paper.item | dates | {"name": paper.name, "version": version}
