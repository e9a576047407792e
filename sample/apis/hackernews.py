"""Algolia's search of Hacker News over recorded hits: /hackernews/api/v1/search and _by_date.

https://hn.algolia.com/api. nbHits tells the truth, but no more than 1,000 hits can be paged to.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import urlencode

import numpy as np

from assay.sample.apis import post_index as index
from assay.sample.apis.post_index import Item, PostApi
from assay.sample.seeds.post import Post, iso
from assay.sample.server.wire import ApiError, Request, Response, dumps

QUOTA, WINDOW_SECONDS = 10_000, 3_600  # a figure of the community; Algolia states none
NUMBERS = ("created_at_i", "points", "num_comments")
TEXTS = ("title", "story_text", "url")
ORDERS = {"/search_by_date": "created_at_i", "/search": "points"}  # relevance is not recorded
FILTER = re.compile(r"\s*(\w+)\s*(<=|>=|!=|<|>|=)\s*(-?\d+(?:\.\d+)?)\s*")
RANGE = re.compile(r"\s*(\w+)\s*:\s*(-?\d+(?:\.\d+)?)\s+TO\s+(-?\d+(?:\.\d+)?)\s*")
COMPARE: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
    "!=": np.not_equal,
}


def describe(item: Item) -> index.Described:
    """What a hit is found and sorted by."""
    numbers = {name: index.number(item.get(name)) for name in NUMBERS}
    created = index.epoch(item.get("created_at_i", item.get("created_at")))
    numbers |= {"id": index.whole(item.get("objectID")), "created_at_i": created}
    return numbers, index.named("tag", item.get("_tags"))


class HackerNews(PostApi):
    """The search of stories and comments over `hackernews_items.jsonl`."""

    paths: ClassVar = ("/hackernews",)
    needs: ClassVar = ("hackernews_items.jsonl",)
    describe = staticmethod(describe)
    window_seconds = WINDOW_SECONDS

    def answer(self, request: Request) -> Response:
        """Route by path. Raises ApiError for everything that Algolia refuses."""
        by = ORDERS.get(request.path.removeprefix("/hackernews/api/v1"))
        if request.method != "GET" or by is None:
            raise ApiError(self.error(404, "Not Found"))
        return self._search(request, by)

    def error(self, status: int, message: str) -> Response:
        """An error as Algolia words it: message and status."""
        text = message if status < 500 else HTTPStatus(status).phrase
        return Response(status, dumps({"message": text, "status": status}))

    def refused(self, seconds: int) -> Response:
        """429, which does not say for how long."""
        return self.error(429, "Too Many Requests")

    def meter_caller(self, _: Request) -> tuple[dict[str, str], Response | None]:
        """Count a request. No header tells what is left."""
        passed, _left, reset = self._callers.take(None, QUOTA)
        return {}, None if passed else self.refused(reset)

    def _search(self, request: Request, by: str) -> Response:
        page, size = self._whole(request, "page", 0), self._whole(request, "hitsPerPage", 20)
        size = min(size, index.REACH)
        tags, filters = request.last("tags") or "", request.last("numericFilters") or ""
        query, fields = request.last("query") or "", self._fields(request)
        rows = self._items.kept(
            (by, tags, filters, query, fields),
            lambda: self._items.pick(self._mask(tags, filters, query, fields), by),
        )
        reached = rows[: self._reach][page * size : (page + 1) * size]
        body = {
            "hits": self._items.items(reached.tolist()),
            "nbHits": len(rows),
            "page": page,
            "nbPages": math.ceil(min(len(rows), self._reach) / size) if size else 0,
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
            "exhaustiveTypo": True,
            "exhaustive": {"nbHits": True, "typo": True},
            "query": query,
            "params": urlencode(sorted({"advancedSyntax": "true", **dict(request.query)}.items())),
            "processingTimeMS": 1,
        }
        return Response(200, dumps(body))

    def _whole(self, request: Request, name: str, default: int) -> int:
        text = request.last(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            message = f'Invalid value for "{name}" parameter, expected integer'
            raise ApiError(self.error(400, message))
        return int(text)

    def _fields(self, request: Request) -> tuple[str, ...]:
        asked = request.last("restrictSearchableAttributes")
        return tuple(asked.split(",")) if asked else TEXTS

    def _mask(self, tags: str, filters: str, query: str, fields: tuple[str, ...]) -> np.ndarray:
        mask = np.ones(self._items.size, dtype=bool)
        # a comma means AND, within parentheses OR: story,(author_pg,author_dang)
        for together, alone in re.findall(r"\(([^()]*)\)|([^,()]+)", tags):
            names = [name.strip() for name in (together or alone).split(",")]
            mask &= self._items.carrying("tag", *names)
        for part in filters.split(",") if filters.strip() else ():
            mask &= self._compared(part)
        return self._items.holding(mask, index.beginnings(query), fields)

    def _compared(self, part: str) -> np.ndarray:
        one, both = FILTER.fullmatch(part), RANGE.fullmatch(part)
        found = one or both
        if found is None or found[1] not in NUMBERS:
            message = f"Invalid numericFilters: {part.strip()!r} is no condition on a number"
            raise ApiError(self.error(400, message))
        column = self._items.column(found[1])
        if one:
            return COMPARE[one[2]](column, float(one[3])) & ~np.isnan(column)
        return (column >= float(found[2])) & (column <= float(found[3]))


API = HackerNews

# --- items of the bundled sample ---

SEED_KEYS = {"link"}  # of a post's head: make/post_seeds.py
FIRST_ID = 49_900_000  # of FIRST_MOMENT: above what there was when this was written


def item_of(post: Post) -> Item:
    """One hit of GET /api/v1/search_by_date?tags=story."""
    head, native, author = post.head, FIRST_ID + post.age // 9, post.author("")
    tags = ["story", f"author_{author}", f"story_{native}"]
    tags += [
        f"{kind}_hn" for kind in ("ask", "show") if post.title.lower().startswith(f"{kind} hn")
    ]
    text = body_html(post.body) if post.body else None
    item = {
        "_highlightResult": {
            "author": {"matchLevel": "none", "matchedWords": [], "value": author},
            "title": {"matchLevel": "none", "matchedWords": [], "value": post.title},
        },
        "_tags": tags,
        "author": author,
        "created_at": iso(post.epoch),
        "created_at_i": post.epoch,
        "num_comments": head["comments"],
        "objectID": str(native),
        "points": head["score"],
        "story_id": native,
        "title": post.title,
        "updated_at": iso(post.later("updated", 30)),
        "url": head.get("link"),
        "story_text": text,
    }
    # the index of some days keeps empty fields, of others leaves them out
    empties = post.moment.day % 3 == 0
    return {name: value for name, value in item.items() if empties or value is not None}


def body_html(body: str) -> str:
    """Plain text as Hacker News keeps it: no closing tags, slashes and quotes as entities."""
    paragraphs = []
    for text in re.split(r"\n{2,}", body):
        if text.startswith("  "):
            paragraphs.append(f"<pre><code>{_escaped(text)}\n</code></pre>")
            continue
        parts = re.split(r"(https?://[^\s)]*[^\s).,])", text)
        for number, part in enumerate(parts):
            escaped = _escaped(part)
            link = f'<a href="{escaped}" rel="nofollow">{escaped}</a>'
            parts[number] = link if number % 2 else escaped
        paragraphs.append("".join(parts))
    return "<p>".join(paragraphs)


def _escaped(text: str) -> str:
    """Entities as Hacker News writes them."""
    return html.escape(text).replace("/", "&#x2F;")


def identity(item: Item) -> tuple[str, str]:
    """The id that the source gives to an item, and the address of its page."""
    return item["objectID"], f"https://news.ycombinator.com/item?id={item['objectID']}"
