"""Reddit over recorded posts: tokens at /reddit/www, listings at /reddit/oauth/r/{sub}/new.

The forms of answers and errors are those recorded in praw's tests. Any client id is accepted except
exactly `invalid`. Whoever recorded a post of a private or quarantined subreddit was let in, and so
is everybody here, unless the quirk `closed-subs` shuts the subreddits whose posts say so.
"""

from __future__ import annotations

import base64
import binascii
import threading
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

import numpy as np

from assay.sample.apis import post_index as index
from assay.sample.apis.post_index import Item, Items, PostApi
from assay.sample.seeds.post import Post, hexadecimal, slug
from assay.sample.server.wire import ApiError, Options, Request, Response, dumps

INVALID_ID = "invalid"
QUOTA, WINDOW_SECONDS = 1000, 600  # 100 a minute on the average of 10 minutes
TOKEN_SECONDS = 86_400
# Clients that do not name themselves were throttled long before anonymous access was closed.
REFUSED_AGENTS = ("python-requests/", "python-httpx/", "python-urllib", "python/", "curl/")
JSON = "application/json; charset=UTF-8"
# As reported (abridged) by rss-bridge#3802; anonymous .json is closed since 2026-05-29.
BLOCKED = (
    b"<!doctype html><html><head><title>Blocked</title></head><body><h1>whoa there, pardner!</h1>"
    b"<p>Your request has been blocked due to a network policy.</p></body></html>"
)


def describe(item: Item) -> index.Described:
    """What a post is found and sorted by; things of other kinds have their place among them."""
    data = index.mapping(item.get("data"))
    numbers = {
        "id": index.whole(data.get("id"), 36),
        "created": index.epoch(data.get("created_utc")),
    }
    sub = index.named("sub", data.get("subreddit"))
    names = [*sub, *index.named("name", data.get("name"))]
    if data.get("subreddit_type") == "private":
        names += [("private", name) for _, name in sub] + [("hidden", "hidden")]
    if data.get("quarantine") is True:
        names += [("quarantined", name) for _, name in sub] + [("hidden", "hidden")]
    if data.get("stickied") is True:
        names.append(("stickied", "stickied"))
    return numbers, names


class Reddit(PostApi):
    """Tokens, and the listing of new posts over `reddit_posts.jsonl`."""

    paths: ClassVar = ("/reddit",)
    needs: ClassVar = ("reddit_posts.jsonl",)
    describe = staticmethod(describe)
    window_seconds = WINDOW_SECONDS

    def __init__(self, items: Items, options: Options) -> None:
        super().__init__(items, options)
        self._life, self._clock = options.quirks.get("token-life", TOKEN_SECONDS), options.clock
        self._tokens: dict[str, tuple[str, float]] = {}  # token: (client id, when it expires)
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Response:
        """Route by host and path. Raises ApiError for everything that Reddit refuses."""
        host, _, path = request.path.removeprefix("/reddit/").partition("/")
        path = path.rstrip("/").removesuffix(".json")
        agent = request.headers.get("User-Agent", "").strip().lower()
        if not agent or agent.startswith(REFUSED_AGENTS):
            raise ApiError(Response(403, BLOCKED, content_type="text/html"))
        if host == "www" and request.method == "POST" and path == "api/v1/access_token":
            return self._token(request)
        if host == "www":  # a token opens nothing here either
            raise ApiError(Response(403, BLOCKED, content_type="text/html"))
        if host != "oauth":
            raise ApiError(_error(404))
        if self._client(request) is None:
            headers = {"WWW-Authenticate": 'Bearer realm="reddit", error="invalid_token"'}
            raise ApiError(_error(401, headers))
        parts = [unquote(part) for part in path.split("/")]
        if request.method == "GET" and parts[0] == "r" and parts[2:] == ["new"]:
            return self._new(request, parts[1])
        if request.method == "GET" and path == "api/info":
            return self._info(request)
        if request.method == "GET" and path == "subreddits/search":
            return _listing([], None, None)
        raise ApiError(_error(404))

    def error(self, status: int, message: str) -> Response:
        """An error as Reddit words it: the status's own phrase, and its number."""
        return _error(status)

    def refused(self, seconds: int) -> Response:
        """429 with nothing remaining."""
        return _error(429, _limits(0, seconds))

    def meter_caller(self, request: Request) -> tuple[dict[str, str], Response | None]:
        """Count a request with a good token for its client; no other answer tells the limit."""
        client = self._client(request)
        if client is None or not request.path.startswith("/reddit/oauth/"):
            return {}, None
        passed, left, reset = self._callers.take(client, QUOTA)
        return _limits(left, reset), None if passed else self.refused(reset)

    # --- POST /api/v1/access_token -----------------------------------------------------------

    def _token(self, request: Request) -> Response:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client = secret = ""
        if scheme.lower() != "basic" or client in ("", INVALID_ID) or not secret:
            raise ApiError(_error(401))
        form = parse_qs(request.body.decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            # not 400: prawcore looks for `error` in an answer of 200
            return Response(200, dumps({"error": "unsupported_grant_type"}), content_type=JSON)
        with self._lock:
            token = f"replay-{len(self._tokens) + 1}"
            self._tokens[token] = (client, self._clock() + self._life)
        body = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self._life,
            "scope": "*",
        }
        return Response(200, dumps(body), content_type=JSON)

    def _client(self, request: Request) -> str | None:
        client, expires = self._tokens.get(index.bearer(request.headers) or "", (None, 0.0))
        return client if self._clock() < expires else None

    # --- GET /r/{sub}/new --------------------------------------------------------------------

    def _new(self, request: Request, subs: str) -> Response:
        """One page, newest first. The rows end with the 1,000th whatever the paging.

        An `after` that names nothing starts anew, as in Reddit's source of 2017 (VByName).
        """
        rows = self._rows(request, subs)
        limit = index.count(request.last("limit"), 25, 100)
        after, before = (self._place(rows, request.last(name)) for name in ("after", "before"))
        if before is not None and after is None:
            start, end = max(0, before - limit), before
        else:
            start = 0 if after is None else after + 1
            end = min(start + limit, len(rows))
        children = self._items.items(rows[start:end].tolist())
        last = _name(children[-1]) if children and end < len(rows) else None
        counted = start and (request.last("count") or "0") != "0"
        first = _name(children[0]) if children and counted else None
        if start == 0 and "sticky" in self._quirks:
            children = self._items.items(self._sticky(rows)) + children
        if request.last("raw_json") != "1":
            children = _escaped(children)
        return _listing(children, last, first)

    def _info(self, request: Request) -> Response:
        """Posts by their names; of a name that nobody has there is nothing."""
        names = (request.last("id") or "").split(",")
        rows = [row for name in names if (row := self._items.first("name", name)) is not None]
        children = self._items.items(rows)
        return _listing(
            children if request.last("raw_json") == "1" else _escaped(children), None, None
        )

    def _rows(self, request: Request, subs: str) -> np.ndarray:
        if subs.lower() == "all":
            mask = np.ones(self._items.size, dtype=bool)
            if "closed-subs" in self._quirks:
                mask = ~self._items.carrying("hidden", "hidden")
            return self._items.kept("all", lambda: self._items.pick(mask, "created"))[: self._reach]
        names = tuple(subs.split("+"))
        if "closed-subs" in self._quirks and self._items.knows("private", *names):
            raise ApiError(_error(403, reason="private"))
        if "closed-subs" in self._quirks and self._items.knows("quarantined", *names):
            raise ApiError(_error(403))
        if not self._items.knows("sub", *names):
            if "sub-redirect" in self._quirks:
                to = f"{request.base}/reddit/oauth/subreddits/search.json?q={quote(subs)}"
                raise ApiError(Response(302, b"{}", {"Location": to}, JSON))
            raise ApiError(_error(404))
        return self._items.kept(
            names, lambda: self._items.pick(self._items.carrying("sub", *names), "created")
        )[: self._reach]

    def _place(self, rows: np.ndarray, name: str | None) -> int | None:
        """Where in a listing a post stands; at its end for one that is not in it."""
        row = self._items.first("name", name) if name else None
        if row is None:
            return None
        places = np.flatnonzero(rows == row)
        return int(places[0]) if len(places) else len(rows)

    def _sticky(self, rows: np.ndarray) -> list[int]:
        """The newest sticky post of a listing, or its oldest post if none is."""
        sticky = rows[self._items.carrying("stickied", "stickied")[rows]]
        return [int(row) for row in (sticky[:1] if len(sticky) else rows[-1:])]


def _name(child: Item) -> Any:
    return index.mapping(child.get("data")).get("name")


def _escaped(value: Any) -> Any:
    """Every text with &, < and > as in HTML: what a listing has unless raw_json=1 is asked."""
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, dict):
        return {name: _escaped(one) for name, one in value.items()}
    return value


def _listing(children: list[Item], after: Any, before: Any) -> Response:
    data = {
        "after": after,
        "dist": len(children),
        "modhash": None,
        "geo_filter": None,
        "children": children,
        "before": before,
    }
    return Response(200, dumps({"kind": "Listing", "data": data}), content_type=JSON)


def _limits(left: int, seconds: int) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": f"{left}.0",
        "x-ratelimit-used": str(QUOTA - left),
        "x-ratelimit-reset": str(seconds),
    }


def _error(status: int, headers: dict[str, str] | None = None, **more: str) -> Response:
    body = {**more, "message": HTTPStatus(status).phrase, "error": status}
    return Response(status, dumps(body), headers or {}, JSON)


API = Reddit

# --- items of the bundled sample ---

SEED_KEYS = {"in", "flair", "link", "gone"}  # of a post's head: make/post_seeds.py
FIRST_ID = 4_400_000_000  # of FIRST_MOMENT: above what there was when this was written
FIXED_KEYS: Item = {
    "approved_at_utc": None,
    "archived": False,
    "banned_by": None,
    "clicked": False,
    "contest_mode": False,
    "distinguished": None,
    "downs": 0,
    "gilded": 0,
    "hidden": False,
    "hide_score": False,
    "is_video": False,
    "likes": None,
    "locked": False,
    "num_crossposts": 0,
    "over_18": False,
    "quarantine": False,
    "removal_reason": None,
    "saved": False,
    "selftext_html": None,
    "spoiler": False,
    "stickied": False,
    "subreddit_type": "public",
    "suggested_sort": None,
}


def _base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def item_of(post: Post) -> Item:
    """One child of the listing GET /r/{sub}/new with raw_json=1."""
    head, sub = post.head, post.head["in"]
    native, gone = _base36(FIRST_ID + 4 * post.age), head.get("gone")
    permalink = f"/r/{sub}/comments/{native}/{slug(post.title, '_', 50)}/"
    url = head.get("link", f"https://www.reddit.com{permalink}")
    data = {
        "id": native,
        "name": f"t3_{native}",
        "subreddit": sub,
        "subreddit_id": f"t5_{_base36(int(hexadecimal(sub, 6), 16))}",
        "subreddit_name_prefixed": f"r/{sub}",
        "title": post.title,
        "selftext": f"[{gone}]" if gone else post.body,
        "author": "[deleted]" if gone == "deleted" else post.author("_"),
        "created": float(post.epoch),
        "created_utc": float(post.epoch),
        "edited": float(post.later("edited", 20)) if "EDIT" in post.body else False,
        "score": head["score"],
        "ups": head["score"],
        "upvote_ratio": round(0.5 + post.rng("ratio").random() / 2, 2),
        "num_comments": head["comments"],
        "permalink": permalink,
        "url": url,
        "domain": urlsplit(url).netloc if "link" in head else f"self.{sub}",
        "is_self": "link" not in head,
        "link_flair_text": head.get("flair"),
        "removed_by_category": {"removed": "moderator", "deleted": "deleted"}.get(gone),
        **FIXED_KEYS,
    }
    # newer than the rest of the fields, and only where there is a link
    data |= {"url_overridden_by_dest": url, "post_hint": "link"} if "link" in head else {}
    return {"kind": "t3", "data": data}


def identity(item: Item) -> tuple[str, str]:
    """The id that the source gives to an item, and the address of its page."""
    return item["data"]["name"], f"https://www.reddit.com{item['data']['permalink']}"
