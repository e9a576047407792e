"""StackExchange's API 2.3 over recorded questions: /stackexchange/2.3/questions, /search/advanced.

https://api.stackexchange.com/docs. Every answer is compressed, asked or not. Nearly every error is
HTTP 400 with its own number in the body.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import ClassVar

import numpy as np

from assay.sample.apis import post_index as index
from assay.sample.apis.post_index import Item, Items, PostApi
from assay.sample.seeds import post_html
from assay.sample.seeds.post import Post, hexadecimal, slug
from assay.sample.server.wire import ApiError, Options, Request, Response, dumps

QUOTA, KEYED_QUOTA, WINDOW_SECONDS = 300, 10_000, 86_400
LAST_PAGE_WITHOUT_KEY = 25
BACKOFF_SECONDS = 2
METHODS = ("/questions", "/search", "/search/advanced")
NUMBERS = re.compile(r"/questions/(\d+(?:;\d+){0,99})")
SORTS = ("activity", "creation", "votes")
FILTERS = ("default", "withbody", "total")
# the names and numbers of https://api.stackexchange.com/docs/error-handling
NAMES = {
    400: "bad_parameter",
    403: "access_denied",
    404: "no_method",
    500: "internal_error",
    502: "throttle_violation",
    503: "temporarily_unavailable",
}
# Real parameters that are not served: refusing is better than not filtering.
NOT_SERVED = (
    "accepted",
    "answers",
    "body",
    "closed",
    "migrated",
    "notice",
    "title",
    "url",
    "user",
    "views",
    "wiki",
    "intitle",
)
TOO_MANY = "too many requests from this IP, more requests available in {} seconds"
HTML_429 = b"<html><head><title>429 Too Many Requests</title></head><body></body></html>\n"


def describe(item: Item) -> index.Described:
    """What a question is found and sorted by."""
    numbers = {
        "id": index.number(item.get("question_id")),
        "creation": index.epoch(item.get("creation_date")),
        "activity": index.epoch(item.get("last_activity_date")),
        "votes": index.number(item.get("score")),
    }
    return numbers, index.named("tag", item.get("tags"))


class StackExchange(PostApi):
    """The site stackoverflow over `stackoverflow_questions.jsonl`."""

    paths: ClassVar = ("/stackexchange",)
    needs: ClassVar = ("stackoverflow_questions.jsonl",)
    describe = staticmethod(describe)
    window_seconds = WINDOW_SECONDS

    def __init__(self, items: Items, options: Options) -> None:
        super().__init__(items, options)
        self._clock = options.clock
        self._left: dict[str | None, int] = {}
        self._waits: dict[str, float] = {}  # method: the moment when its backoff is over

    def answer(self, request: Request) -> Response:
        """Route by path. Raises ApiError for everything that StackExchange refuses."""
        method = request.path.removeprefix("/stackexchange/2.3").rstrip("/")
        if request.method == "GET" and (numbers := NUMBERS.fullmatch(method)):
            return self._numbered(request, numbers[1].split(";"))
        if request.method != "GET" or method not in METHODS:
            raise ApiError(_error(404, "no method found with this name"))
        return self._questions(request, any_tag=method != "/questions")

    def error(self, status: int, message: str) -> Response:
        """HTTP 400 with the number in the body; a bare 429 comes from the edge, as HTML.

        The edge's form is undefined (https://api.stackexchange.com/docs/throttle).
        """
        if status == 429:
            return Response(429, HTML_429, content_type="text/html")
        return _error(status, HTTPStatus(status).phrase if status >= 500 else message)

    def refused(self, seconds: int) -> Response:
        """The quota is used up: throttle_violation, which is HTTP 400 and error_id 502."""
        return _error(502, TOO_MANY.format(seconds))

    def meter_caller(self, request: Request) -> tuple[dict[str, str], Response | None]:
        """Count a request for its key; refuse one that comes before its method's backoff is over.

        The limits are not in headers but in the body.
        """
        key, method = _key(request), request.path.rstrip("/")
        passed, left, reset = self._callers.take(key, _quota(key))
        self._left[key] = left
        if self._clock() < self._waits.get(method, 0.0):
            return {}, _error(502, "Violation of backoff parameter")
        return {}, None if passed else self.refused(reset)

    def spoil(self, kind: str, request: Request, honest: Callable[[], Response]) -> Response | None:
        """The faults that only StackExchange has, and the one that has to look into its gzip."""
        if kind == "throttle":
            return self.refused(1)
        if kind not in ("backoff", "malformed"):
            return None
        response = honest()
        body = gzip.decompress(response.body)
        if kind == "malformed":
            return replace(response, status=200, body=_packed(body.rstrip()[:-1]))
        if response.status == 200:
            self._waits[request.path.rstrip("/")] = self._clock() + BACKOFF_SECONDS
            response.body = _packed(dumps(json.loads(body) | {"backoff": BACKOFF_SECONDS}))
        return response

    # --- GET /questions, /search/advanced ----------------------------------------------------

    def _questions(self, request: Request, *, any_tag: bool) -> Response:
        self._site(request)
        asked, page = _whole(request, "pagesize", 0, 100), _whole(request, "page", 1) or 1
        size = 30 if asked is None else asked
        form = request.last("filter") or "default"
        if form not in FILTERS:
            raise ApiError(_error(400, "Invalid filter specified"))
        if page > LAST_PAGE_WITHOUT_KEY and not _key(request):
            raise ApiError(_error(403, "page above 25 requires access token or app key"))
        rows = self._rows(request, any_tag=any_tag)
        if form == "total":
            return _good({"total": len(rows)})
        items = self._items.items(rows[(page - 1) * size : page * size].tolist())
        for item in items:
            item.pop("body_markdown", None)
            if form == "default":
                item.pop("body", None)
        key = _key(request)
        return _good(
            {
                "items": items,
                "has_more": page * size < len(rows),
                "quota_max": _quota(key),
                "quota_remaining": self._left.get(key, _quota(key)),
            }
        )

    def _numbered(self, request: Request, numbers: list[str]) -> Response:
        """Questions by their numbers; of a number that nobody has there is nothing."""
        self._site(request)
        rows = np.flatnonzero(np.isin(self._items.column("id"), [float(one) for one in numbers]))
        items = self._items.items(rows.tolist())
        for item in items:
            item.pop("body_markdown", None)
        key = _key(request)
        left = self._left.get(key, _quota(key))
        more = {"has_more": False, "quota_max": _quota(key), "quota_remaining": left}
        return _good({"items": items, **more})

    def _site(self, request: Request) -> None:
        site = request.last("site")
        if not site:
            raise ApiError(_error(400, "site is required"))
        if site not in ("stackoverflow", "stackoverflow.com"):
            raise ApiError(_error(400, f"No site found for name `{site}`"))

    def _rows(self, request: Request, *, any_tag: bool) -> np.ndarray:
        if refused := [name for name in NOT_SERVED if request.last(name)]:
            raise ApiError(_error(400, refused[0]))
        sort, order = request.last("sort") or SORTS[0], request.last("order") or "desc"
        if sort == "relevance" and any_tag:  # of search only; no item says how relevant it is
            sort = "votes"
        if sort not in SORTS or order not in ("desc", "asc"):
            raise ApiError(_error(400, "sort" if sort not in SORTS else "order"))
        tags, without = _tags(request, "tagged"), _tags(request, "nottagged")
        words = request.last("q") or "" if any_tag else ""
        bounds = (
            ("creation", _whole(request, "fromdate"), _whole(request, "todate")),
            (sort, _whole(request, "min", -(10**9)), _whole(request, "max", -(10**9))),
        )

        def pick() -> np.ndarray:
            mask = self._tagged(tags, any_tag=any_tag) & ~self._items.carrying("tag", *without)
            for column, least, most in bounds:
                if least is not None:
                    mask &= self._items.column(column) >= least
                if most is not None:
                    mask &= self._items.column(column) <= most
            mask = self._items.holding(mask, index.beginnings(words), ("title", "body"))
            return self._items.pick(mask, sort, ascending=order == "asc")

        return self._items.kept((any_tag, sort, order, tags, without, bounds, words), pick)

    def _tagged(self, tags: tuple[str, ...], *, any_tag: bool) -> np.ndarray:
        """All of the tags for /questions, any of them for a search."""
        if any_tag and tags:
            return self._items.carrying("tag", *tags)
        mask = np.ones(self._items.size, dtype=bool)
        for tag in tags:
            mask &= self._items.carrying("tag", tag)
        return mask


def _key(request: Request) -> str | None:
    return request.last("key") or request.last("access_token") or None


def _quota(key: str | None) -> int:
    return KEYED_QUOTA if key else QUOTA


def _tags(request: Request, name: str) -> tuple[str, ...]:
    return tuple(tag for tag in (request.last(name) or "").split(";") if tag)


def _whole(request: Request, name: str, least: int = 0, most: int = 10**12) -> int | None:
    """A whole number. A bad one is refused with nothing but its name, as StackExchange does."""
    text = request.last(name)
    if not text:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 13):
        raise ApiError(_error(400, name))
    if not least <= int(text) <= most:
        raise ApiError(_error(400, name))
    return int(text)


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)


def _good(body: Item, status: int = 200) -> Response:
    return Response(status, _packed(dumps(body)), {"Content-Encoding": "gzip"})


def _error(number: int, message: str) -> Response:
    name = NAMES.get(number, "internal_error")
    return _good({"error_id": number, "error_message": message, "error_name": name}, 400)


API = StackExchange

# --- items of the bundled sample ---

SEED_KEYS = {"in", "accepted", "closed", "deleted_user"}  # of a post's head: make/post_seeds.py
FIRST_ID = 79_980_000  # of FIRST_MOMENT: above what there was when this was written


def _owner(post: Post) -> Item:
    """Who asked; of a deleted user there is only a name made of the old number."""
    name = post.author(" ").title()
    user = int(hexadecimal(name, 6), 16)
    if post.head.get("deleted_user"):
        return {"user_type": "does_not_exist", "display_name": f"user{user}"}
    return {
        "account_id": user + 1_000_000,
        "reputation": int(post.rng("reputation").paretovariate(0.6)),
        "user_id": user,
        "user_type": "registered",
        "display_name": name,
        "link": f"https://stackoverflow.com/users/{user}/{slug(name, '-', 40)}",
    }


def item_of(post: Post) -> Item:
    """One item of GET /questions with filter=withbody."""
    head, native = post.head, FIRST_ID + post.age // 9
    answers, score = head["comments"], head["score"]
    item = {
        "tags": head["in"],
        "owner": _owner(post),
        "is_answered": bool(head.get("accepted") or (answers and score > 1)),
        "view_count": 9 + 31 * max(score, 0) + 14 * answers + post.rng("views").randrange(60),
        "answer_count": answers,
        "score": score,
        "creation_date": post.epoch,
        "question_id": native,
        "content_license": "CC BY-SA 4.0",
        "link": f"https://stackoverflow.com/questions/{native}/{slug(post.title, '-', 80)}",
        "title": escaped_title(post.title),
        "body": post_html.markdown(post.body),
    }
    if head.get("accepted"):
        item["accepted_answer_id"] = native + post.rng("answer").randrange(20, 900)
    if post.rng("edited?").random() < 0.4:
        item["last_edit_date"] = post.later("edited", 30)
    if "closed" in head:
        item |= {"closed_date": post.later("closed", 30), "closed_reason": head["closed"]}
    dates = [item.get(name, 0) for name in ("creation_date", "last_edit_date", "closed_date")]
    item["last_activity_date"] = max(*dates, post.later("activity", 60) if answers else 0)
    return item


def escaped_title(title: str) -> str:
    """A title as the StackExchange API gives it: escaped."""
    return html.escape(title).replace("&#x27;", "&#39;")


def identity(item: Item) -> tuple[str, str]:
    """The id that the source gives to an item, and the address of its page."""
    return str(item["question_id"]), item["link"]
