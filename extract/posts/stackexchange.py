"""Questions of Stack Overflow and its sister sites: StackExchange API 2.3.

https://api.stackexchange.com/docs. Nearly every error is HTTP 400 with a number of its own, and the
limits are in bodies, not in headers.
"""

import html
import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

import httpx

from assay.extract.http.client import Api
from assay.extract.http.transport import RateLimitHint, SourceRefusedError, parsed
from assay.extract.posts.post import (
    SHORT,
    Day,
    Post,
    QueryRefusedError,
    Reading,
    address,
    covered_days,
    identifier,
    kept,
    moment,
    text,
    titled,
    whole,
)
from assay.extract.posts.windows import Window

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

    name = "stackoverflow"

    def __init__(self, api: Api, queries: list[str], key: str | None) -> None:
        self.queries = queries
        self.api, self._key = api, key

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[Day]:
        """Cover days of one query; see `assay.extract.posts.post.Source`."""
        site, _, tagged = query.partition(" ")
        asked = {"site": site} | ({"tagged": tagged} if tagged else {})
        # Once only: to be asked the same within a minute counts as abuse there. What is short is
        # not final, and asked again by the next run.
        return covered_days(self, query, days, now, partial(self._read, asked), readings=1)

    def _read(self, asked: dict[str, str], window: Window, divisible: bool) -> Reading | None:
        """Read one window, None when it has more pages than can be asked for."""
        last = LAST_PAGE_WITH_KEY if self._key else LAST_PAGE_WITHOUT_KEY
        # Both ends belong to the answer.
        params = {**asked, "fromdate": window.start, "todate": window.end - 1}
        total = whole(self._questions({**params, "filter": "total"}).get("total"))
        if total is None:
            raise SourceRefusedError(f"{self.api.name}: an answer without total")
        if total > last * PAGE and divisible:
            return None
        reading, more, page = Reading(), total > 0, 0
        params |= {"sort": "creation", "order": "asc", "pagesize": PAGE, "filter": "withbody"}
        while more and page < last:
            page += 1
            answer = self._questions({**params, "page": page})
            items = answer.get("items")
            if not isinstance(items, list):
                raise SourceRefusedError(f"{self.api.name}: an answer without items")
            reading.take(items, post)
            more = answer.get("has_more") is True
        if more and divisible:  # more than it said
            return None
        if more:
            return reading.cut(f"more than {last * PAGE:,} in one second", final=True)
        if reading.given < total:
            return reading.cut(SHORT.format(given=reading.given, total=total), final=False)
        return reading

    def _questions(self, params: dict[str, Any]) -> dict[str, Any]:
        if self._key:
            params = {**params, "key": self._key}
        response = self.api.get("2.3/questions", params)
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


def post(item: dict[str, Any]) -> Post | str:
    """Make a post of a question; raises for what is none."""
    owner = item.get("owner")
    owner = owner if isinstance(owner, dict) else {}
    # A deleted user has no number, but may have left a name.
    author = owner.get("user_id") or owner.get("display_name")
    return Post(
        native_id=identifier(item["question_id"]),
        url=address(item["link"]),
        title=html.unescape(titled(item["title"])),
        body=text(item.get("body")),
        created_at=moment(item["creation_date"]),
        score=whole(item.get("score")),
        comment_count=whole(item.get("answer_count")),
        author=str(author) if author else None,
        raw=kept(item, RAW_KEYS),
    )
