"""Questions of Stack Overflow and its sister sites: StackExchange API 2.3.

https://api.stackexchange.com/docs. Nearly every error is HTTP 400 with a number of its own, and the
limits are in bodies, not in headers.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import dlt
import httpx
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.http.client import Api
from assay.extract.http.transport import RateLimitHint, SourceRefusedError, parsed
from assay.extract.posts.api import configured_api, open_api
from assay.extract.posts.live import live
from assay.extract.posts.post import (
    SHORT,
    DayResult,
    Known,
    Post,
    QueryRefusedError,
    Reading,
    WindowResult,
    address,
    identifier,
    in_batches,
    kept,
    moment,
    read_in_windows,
    read_item,
    text,
    titled,
    whole,
)
from assay.extract.posts.windows import Window

SOURCE = POST_SOURCES["stackoverflow"]
PAGE = 100
LAST_PAGE_WITHOUT_KEY = 25
# With a key no last page is documented; pages this late are slow, and halving costs one request.
LAST_PAGE_WITH_KEY = 100
BAD_PARAMETER, ACCESS_DENIED, INTERNAL, THROTTLED, UNAVAILABLE = 400, (401, 402, 403), 500, 502, 503
BACKOFF_VIOLATION_SECONDS = 30.0  # when a throttle names no time
SECONDS = re.compile(r"available in (\d+) seconds")
RAW_KEYS = (
    "question_id",
    "tags",
    "is_answered",
    "answer_count",
    "accepted_answer_id",
    "view_count",
    "last_activity_date",
    "last_edit_date",
    "closed_date",
    "closed_reason",
    "protected_date",
    "bounty_amount",
    "content_license",
    "link",
)


class StackExchange:
    """Questions of the configured sites and tags. A query is `site` or `site tag;tag`."""

    name = SOURCE.name

    def __init__(self, api: Api, queries: list[str], key: str | None) -> None:
        self.queries = queries
        self.api, self._key = api, key

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[DayResult]:
        """Cover days of one query; see `assay.extract.posts.post.Source`."""
        site, _, tagged = query.partition(" ")
        asked = {"site": site} | ({"tagged": tagged} if tagged else {})
        # Once only: to be asked the same within a minute counts as abuse there. What is short is
        # not final, and asked again by the next run.
        return read_in_windows(self, query, days, now, partial(self._read, asked), attempts=1)

    def look_up(self, posts: list[Known]) -> Iterator[tuple[Known, Reading]]:
        """Ask for questions by their numbers; see `assay.extract.posts.post.Source`."""
        by_site: dict[str, list[Known]] = {}
        for known in posts:
            by_site.setdefault(known.query.partition(" ")[0], []).append(known)
        for site, of_site in by_site.items():
            for batch in in_batches(of_site, PAGE):
                yield from self._look_up(site, batch)

    def _look_up(self, site: str, batch: list[Known]) -> Iterator[tuple[Known, Reading]]:
        ids = ";".join(known.native_id for known in batch if known.native_id.isdecimal())
        asked = {"site": site, "pagesize": PAGE, "filter": "withbody"}
        items = self._questions(asked, f"2.3/questions/{ids}").get("items") if ids else []
        questions = (item for item in items or [] if isinstance(item, dict))
        found = {str(item.get("question_id")): item for item in questions}
        for known in batch:
            item = found.get(known.native_id)
            gone = known.removed() if known.native_id.isdecimal() else "no number"
            yield known, read_item(item, post) if item else gone

    def _read(self, asked: dict[str, str], window: Window, divisible: bool) -> WindowResult | None:
        """Read one window, None when it has more pages than can be asked for."""
        last = LAST_PAGE_WITH_KEY if self._key else LAST_PAGE_WITHOUT_KEY
        # Both ends belong to the answer.
        params = {**asked, "fromdate": window.start, "todate": window.end - 1}
        total = whole(self._questions({**params, "filter": "total"}).get("total"))
        if total is None:
            raise SourceRefusedError(f"{self.api.name}: an answer without total")
        if total > last * PAGE and divisible:
            return None
        result, more, page = WindowResult(), total > 0, 0
        params |= {"sort": "creation", "order": "asc", "pagesize": PAGE, "filter": "withbody"}
        while more and page < last:
            page += 1
            answer = self._questions({**params, "page": page})
            items = answer.get("items")
            if not isinstance(items, list):
                raise SourceRefusedError(f"{self.api.name}: an answer without items")
            result.add(items, post)
            more = answer.get("has_more") is True
        if more and divisible:  # more than it said
            return None
        if more:
            return result.truncate(f"more than {last * PAGE:,} in one second", final=True)
        if result.received < total:
            return result.truncate(SHORT.format(given=result.received, total=total), final=False)
        return result

    def _questions(self, params: dict[str, Any], path: str = "2.3/questions") -> dict[str, Any]:
        if self._key:
            params = {**params, "key": self._key}
        response = self.api.get(path, params)
        body = self.api.mapping(response)
        if response.status_code == 200:
            return body
        number, message = body.get("error_id"), str(body.get("error_message"))[:200]
        if number == BAD_PARAMETER and "key" in message:
            raise SourceRefusedError(f"StackExchange does not take STACKEXCHANGE_KEY: {message}")
        if number == BAD_PARAMETER:
            raise QueryRefusedError(f"StackExchange does not take the parameter: {message}")
        if number in ACCESS_DENIED:
            raise SourceRefusedError(
                f"StackExchange denies access ({message}): check STACKEXCHANGE_KEY"
            )
        raise SourceRefusedError(
            f"StackExchange answered HTTP {response.status_code}, error {number}: {message}"
        )


def configured() -> StackExchange:
    """Return the source as the settings want it. Raises SettingError for one that is no use."""
    sites, tags = (settings.words(f"issues.stackoverflow.{key}") for key in ("sites", "tags"))
    key = settings.secret("stackexchange_key")
    return StackExchange(configured_api(SOURCE, parse_rate_limit), _queries(sites, tags), key)


@dlt.source(name=SOURCE.name, max_table_nesting=0)
def stackoverflow(
    tags: Sequence[str] = (),
    *,
    since: date = dlt.config.value,
    until: date | None = None,
    sites: Sequence[str] = ("stackoverflow",),
    stackexchange_key: TSecretStrValue | None = None,
    author_salt: TSecretStrValue | None = None,
    endpoint: str | None = None,
    requests_per_minute: int | None = None,
) -> Iterable[DltResource]:
    """Load questions by the day they were asked, for any dlt pipeline.

    tags: each is one query, and a question must have all its tags, `python;dbt`; none: all
    questions. since, until: first and last day, UTC. sites: by the names that the API gives them.
    Without author_salt no authors are kept.
    """
    api = open_api(SOURCE, endpoint, requests_per_minute, parse_rate_limit)
    source = StackExchange(api, _queries(sites, tags), stackexchange_key)
    return live(source, since, until, author_salt)


def _queries(sites: Iterable[str], tags: Sequence[str]) -> list[str]:
    return [f"{site} {tagged}".strip() for site in sites for tagged in tags or [""]]


def parse_rate_limit(response: httpx.Response, now: float) -> RateLimitHint:
    """Read `backoff` of an answer and the seconds of a throttle_violation.

    https://api.stackexchange.com/docs/throttle; one second more, since both are rounded down.
    """
    try:
        body = parsed(response)
    except (ValueError, RecursionError):
        return RateLimitHint()
    if not isinstance(body, dict):
        return RateLimitHint()
    backoff = whole(body.get("backoff"))
    wait = backoff + 1.0 if backoff else 0.0
    number = body.get("error_id")
    if number == THROTTLED:
        found = SECONDS.search(str(body.get("error_message")))
        pause = float(found[1]) + 1.0 if found else BACKOFF_VIOLATION_SECONDS
        return RateLimitHint(max(wait, pause), "throttle_violation")
    if number in (INTERNAL, UNAVAILABLE):
        return RateLimitHint(wait, f"error {number}")
    return RateLimitHint(wait)


def post(item: dict[str, Any]) -> Reading:
    """Make a post of a question; raises for what is none."""
    url = address(item.get("link"))
    owner = item.get("owner")
    owner = owner if isinstance(owner, dict) else {}
    # A deleted user has no number, but may have left a name.
    author = owner.get("user_id") or owner.get("display_name")
    return Post(
        native_id=identifier(item.get("question_id"), url),
        url=url,
        title=html.unescape(titled(item.get("title"))),
        body=text(item.get("body")),
        created_at=moment(item.get("creation_date")),
        score=whole(item.get("score")),
        comment_count=whole(item.get("answer_count")),
        author=str(author) if author else None,
        raw=kept(item, RAW_KEYS),
    )
