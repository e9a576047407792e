"""Reddit's new posts per subreddit, through OAuth only. https://www.reddit.com/dev/api

Anonymous access is closed since 2026-05-29. A listing goes back about 1,000 posts and no further,
so a day is covered by paging back until it is passed.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dlt
import httpx
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.http.client import Api
from assay.extract.http.transport import RateLimitHint, SourceRefusedError
from assay.extract.posts.api import NotConfiguredError, configured_api, open_api
from assay.extract.posts.live import live
from assay.extract.posts.post import (
    DELETED,
    DayResult,
    Known,
    Post,
    QueryRefusedError,
    Reading,
    Removed,
    WindowResult,
    address,
    identifier,
    in_batches,
    kept,
    moment,
    read_item,
    text,
    titled,
    whole,
)
from assay.extract.posts.windows import Window, iso

SOURCE = POST_SOURCES["reddit"]
TOKEN_ENDPOINT, TOKEN_PATH = "https://www.reddit.com", "api/v1/access_token"
PAGE = 100
MAX_PAGES = 30  # three times what a listing can have: one that never ends is none
# A listing that ends earlier than this has shown the whole subreddit; later, it was probably cut
# off: the cap is 1,000, and what was removed since is missing from it, which may be half.
MIN_AT_THE_CAP = 500
EARLY_SECONDS = 60  # a token is renewed so long before it ends
SCHEDULER = "AutoModerator"  # Reddit's own program: what it posts comes back every week or day
GONE = ("[deleted]", "[removed]", "[deleted by user]")
HOST = "https://www.reddit.com"
RAW_KEYS = (
    "id",
    "name",
    "subreddit",
    "subreddit_id",
    "permalink",
    "url",
    "url_overridden_by_dest",
    "domain",
    "is_self",
    "over_18",
    "link_flair_text",
    "upvote_ratio",
    "edited",
    "stickied",
    "distinguished",
    "post_hint",
    "locked",
    "crosspost_parent",
    "num_crossposts",
)


@dataclass
class _Listing:
    """What paging back through a subreddit has shown so far.

    items: each with its time, None when it has none. oldest: the earliest time that is in order.
    passed: a page showed nothing young enough. reason: why the listing ended before that.
    """

    items: list[tuple[int | None, Any]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    oldest: float = float("inf")
    passed: bool = False
    reason: str | None = None


class Reddit:
    """New posts of the configured subreddits; `token_url` is where tokens are given out."""

    name = SOURCE.name

    def __init__(
        self, api: Api, queries: list[str], client: tuple[str, str], token_url: str
    ) -> None:
        self.queries = queries
        self.api, self._client, self._token_url = api, client, token_url
        self._token, self._renew_at = "", 0.0

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[DayResult]:
        """Cover days of one subreddit in one pass; see `assay.extract.posts.post.Source`."""
        listing = self._page_back(query, Window.of_day(min(days)).start)
        for day in days:
            window = Window.of_day(day).until(now)
            result = WindowResult()
            result.add(
                [item for at, item in listing.items if _belongs(at, window, day, days)], post
            )
            if listing.reason and listing.oldest >= window.start:
                result.truncate(listing.reason, final=True)
            yield DayResult(self.name, query, day, [(window, result)])

    def look_up(self, posts: list[Known]) -> Iterator[tuple[Known, Reading]]:
        """Ask for posts by their names; see `assay.extract.posts.post.Source`."""
        for batch in in_batches(posts, PAGE):
            names = ",".join(f"t3_{known.native_id}" for known in batch if _is_id(known))
            children = self._children("api/info", {"id": names, "raw_json": 1})[0] if names else []
            found = {_name(child): child for child in children}
            for known in batch:
                child = found.get(f"t3_{known.native_id}")
                gone = known.removed() if _is_id(known) else "no id"
                yield known, read_item(child, post) if child else gone

    def _page_back(self, subreddit: str, start: int) -> _Listing:
        """Page from the newest post back until `start` is passed or the listing ends."""
        listing, after = _Listing(), None
        for _ in range(MAX_PAGES):
            children, after = self._page(subreddit, after, len(listing.names))
            # By name: a pinned post stands on the first page twice, at the top and in its place.
            fresh = {_name(child): child for child in children if _name(child) not in listing.names}
            listing.names.update(fresh)
            in_order = []
            for child in fresh.values():
                at = _created(child)
                listing.items.append((at, child))
                # What is pinned to the top is as old as it likes.
                if at is not None and not child["data"].get("stickied"):
                    in_order.append(at)
            listing.oldest = min([listing.oldest, *in_order])
            listing.passed = bool(in_order) and max(in_order) < start
            if listing.passed or after is None or not fresh:
                break
        count = len(listing.names)
        if not listing.passed and (after is not None or count >= MIN_AT_THE_CAP):
            where = f", at {iso(listing.oldest)}" if math.isfinite(listing.oldest) else ""
            listing.reason = f"the listing ends after {count:,} posts{where}"
        return listing

    def _page(self, subreddit: str, after: str | None, count: int) -> tuple[list[Any], str | None]:
        params: dict[str, Any] = {"limit": PAGE, "raw_json": 1}
        if after:
            params |= {"after": after, "count": count}
        return self._children(f"r/{subreddit}/new", params)

    def _children(self, path: str, params: dict[str, Any]) -> tuple[list[Any], str | None]:
        """Return the things of a listing, and the name after which it goes on."""
        response = self._get(path, params)
        data = self.api.mapping(response).get("data")
        children = data.get("children") if isinstance(data, dict) else None
        if not isinstance(children, list):
            raise SourceRefusedError(f"{self.api.name}: a listing without children")
        return children, text(data.get("after"))

    def _get(self, path: str, params: dict[str, Any]) -> httpx.Response:
        """Ask with a token, and once more with a new one when it is no longer good."""
        response = self.api.get(path, params, self._authorization())
        if response.status_code == 401:
            self._token = ""
            response = self.api.get(path, params, self._authorization())
        if response.status_code == 200:
            return response
        if response.is_redirect:
            raise QueryRefusedError("there is no such subreddit")
        body = self.api.mapping(response)  # a page of HTML means that all of us are blocked
        status, reason = response.status_code, str(body.get("reason") or body.get("message"))[:200]
        if status in (403, 404):
            raise QueryRefusedError(f"HTTP {status}: {reason}")
        raise SourceRefusedError(f"{self.api.name} answered HTTP {status}: {reason}")

    def _authorization(self) -> dict[str, str]:
        clock = self.api.transport.clock
        if not self._token or clock.monotonic() >= self._renew_at:
            form = {"grant_type": "client_credentials"}
            response = self.api.post(self._token_url, form, self._client)
            answer = self.api.mapping(response)
            token = answer.get("access_token")
            if not (isinstance(token, str) and token.isascii() and token.isprintable()):
                raise SourceRefusedError(
                    f"Reddit gives no token (HTTP {response.status_code}): check "
                    "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET"
                )
            life = whole(answer.get("expires_in")) or 3600
            self._token = token
            self._renew_at = clock.monotonic() + max(life - EARLY_SECONDS, life / 2)
        return {"Authorization": f"bearer {self._token}"}


def configured() -> Reddit:
    """Return the source as the settings want it.

    Raises NotConfiguredError without an app's id and secret, SettingError for a setting that is no
    use.
    """
    client, secret = settings.secret("reddit_client_id"), settings.secret("reddit_client_secret")
    if not (client and secret):
        raise NotConfiguredError(
            "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set: make an app of type `script` "
            "at https://www.reddit.com/prefs/apps"
        )
    tokens = settings.address("issues.reddit.token_endpoint", TOKEN_ENDPOINT)
    return Reddit(
        configured_api(SOURCE, parse_rate_limit),
        settings.words("issues.reddit.subreddits"),
        (client, secret),
        f"{tokens}/{TOKEN_PATH}",
    )


@dlt.source(name=SOURCE.name, max_table_nesting=0)
def reddit(
    subreddits: Sequence[str] = dlt.config.value,
    *,
    since: date = dlt.config.value,
    until: date | None = None,
    reddit_client_id: TSecretStrValue = dlt.secrets.value,
    reddit_client_secret: TSecretStrValue = dlt.secrets.value,
    author_salt: TSecretStrValue | None = None,
    endpoint: str | None = None,
    token_endpoint: str = TOKEN_ENDPOINT,
    requests_per_minute: int | None = None,
) -> Iterable[DltResource]:
    """Load new posts of subreddits by the day they were posted, for any dlt pipeline.

    since, until: first and last day, UTC; a listing goes back about 1,000 posts. The id and secret
    are those of an app of type `script`, made at https://www.reddit.com/prefs/apps. Without
    author_salt no authors are kept.
    """
    api = open_api(SOURCE, endpoint, requests_per_minute, parse_rate_limit)
    tokens = settings.safe_address("token_endpoint of reddit", token_endpoint)
    client = (reddit_client_id, reddit_client_secret)
    source = Reddit(api, list(subreddits), client, f"{tokens}/{TOKEN_PATH}")
    return live(source, since, until, author_salt)


def parse_rate_limit(response: httpx.Response, now: float) -> RateLimitHint:
    """Read x-ratelimit-remaining, a float, and x-ratelimit-reset, in seconds."""
    try:
        left = float(response.headers["x-ratelimit-remaining"])
        reset = float(response.headers["x-ratelimit-reset"])
    except (KeyError, ValueError):
        return RateLimitHint()
    return RateLimitHint(max(0.0, reset) if left < 1 else 0.0)


def post(child: dict[str, Any]) -> Reading:
    """Make a post of a listing's child; raises for what is none."""
    if child.get("kind") != "t3":
        return "no post"
    data = child.get("data")
    if not isinstance(data, dict):
        return "no data"
    url = f"{HOST}{address(data.get('permalink'))}"
    native_id = identifier(data.get("id"), url)
    if why := _taken_back(data):
        return Removed(native_id, url, why)
    author = text(data.get("author"))
    link = text(data.get("url_overridden_by_dest")) or text(data.get("url"))
    return Post(
        native_id=native_id,
        url=url,
        title=titled(data.get("title")),
        body=_body(data),
        created_at=moment(data.get("created_utc")),
        score=whole(data.get("score")),
        comment_count=whole(data.get("num_comments")),
        author=None if author in GONE else author,
        link=None if data.get("is_self") else link,
        raw=kept(data, RAW_KEYS)
        | _parts(data)
        | ({"author_type": "Bot"} if author == SCHEDULER else {}),
    )


def _taken_back(data: dict[str, Any]) -> str | None:
    """Say by whom a post was taken back, as far as Reddit tells; None when it was not."""
    by = data.get("removed_by_category")
    if by == "deleted" or data.get("selftext") == "[deleted]":
        return DELETED
    if by:
        return f"removed by {str(by)[:40].replace('_', ' ')}"
    if data.get("selftext") in GONE or data.get("title") in GONE:
        return "removed"
    return None


def _body(data: dict[str, Any]) -> str | None:
    """Return all that a post says: its text, else that of the post that it passes on; the options
    of its poll, and what stands under its pictures."""
    original = _original(data)
    body = text(data.get("selftext")) or text(original.get("selftext")) or ""
    if body in GONE:
        body = ""
    options = [f"- {option}" for option in _texts(data.get("poll_data"), "options", "text")]
    captions = _texts(data.get("gallery_data"), "items", "caption")
    return "\n\n".join(filter(None, (body, "\n".join(options), *captions))) or None


def _parts(data: dict[str, Any]) -> dict[str, Any]:
    """Return what else there is of a post, in numbers and names of places."""
    original, gallery = _original(data), data.get("gallery_data")
    items = gallery.get("items") if isinstance(gallery, dict) else None
    parts = {
        "crosspost_of": kept(original, ("id", "subreddit", "permalink")),
        "poll_options": len(_texts(data.get("poll_data"), "options", "text")),
        "pictures": len(items) if isinstance(items, list) else 0,
    }
    return {name: part for name, part in parts.items() if part}


def _original(data: dict[str, Any]) -> dict[str, Any]:
    """Return the post that a crosspost passes on, as Reddit sends it along; {} for any other."""
    parents = data.get("crosspost_parent_list")
    first = parents[0] if isinstance(parents, list) and parents else None
    return first if isinstance(first, dict) else {}


def _texts(part: Any, name: str, key: str) -> list[str]:
    """Return the texts of a list of objects within a part of a post, none where there is none."""
    items = part.get(name) if isinstance(part, dict) else None
    found = (one.get(key) for one in (items if isinstance(items, list) else ()) if _is_object(one))
    return [one for one in found if isinstance(one, str) and one.strip()]


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _belongs(at: int | None, window: Window, day: date, days: list[date]) -> bool:
    """Tell whether an item is of this day; what has no time is counted with the last day."""
    if at is None:
        return day == max(days)
    return window.start <= at < window.end


def _is_id(known: Known) -> bool:
    """Tell whether a post has Reddit's own id, by which it can be asked for."""
    return known.native_id.isalnum()


def _name(child: Any) -> str:
    """Return an item's full name, and something of its own for one that has none."""
    data = child.get("data") if isinstance(child, dict) else None
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else f"nameless {id(child)}"


def _created(child: Any) -> int | None:
    try:
        return moment(child["data"].get("created_utc"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
