"""GitHub's issues: REST search, in windows of `created:`. https://docs.github.com/rest/search"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
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
    DayResult,
    Known,
    Page,
    Post,
    QueryRefusedError,
    Reading,
    WindowResult,
    address,
    identifier,
    kept,
    moment,
    read_in_windows,
    read_item,
    read_pages,
    text,
    titled,
    whole,
)
from assay.extract.posts.windows import Window, iso

SOURCE = POST_SOURCES["github"]
WITHOUT_TOKEN = 10  # requests a minute
MAX_RESULTS = 1000  # whatever total_count says, no more can be paged to
PAGE = 100
SECONDARY_SECONDS = 60.0  # what the documentation asks for when an answer names no time
PAGE_OF_ISSUE = re.compile(r"github\.com/([\w.-]+/[\w.-]+/issues/\d+)$", re.IGNORECASE)
GONE = (404, 410, 451)  # deleted, with its repository or alone; or by law
LIMIT_WORDS = re.compile(r"rate limit|abuse detection", re.IGNORECASE)
RAW_KEYS = (
    "id",
    "node_id",
    "number",
    "repository_url",
    "state",
    "state_reason",
    "author_association",
    "locked",
    "active_lock_reason",
    "updated_at",
    "closed_at",
)


class GitHub:
    """Issues of the configured searches; pull requests are left out by the search itself."""

    name = SOURCE.name

    def __init__(self, api: Api, queries: list[str], token: str | None) -> None:
        self.queries = queries
        self.api = api
        self._headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[DayResult]:
        """Cover days of one search; see `assay.extract.posts.post.Source`."""
        return read_in_windows(self, query, days, now, partial(self._read, query))

    def look_up(self, posts: list[Known]) -> Iterator[tuple[Known, Reading]]:
        """Ask for each issue by itself; see `assay.extract.posts.post.Source`."""
        for known in posts:
            page = PAGE_OF_ISSUE.search(known.url)
            yield known, self._issue(known, f"repos/{page[1]}") if page else "no issue's address"

    def _issue(self, known: Known, path: str) -> Reading:
        response = self.api.get(path, {}, self._headers)
        moved_to = response.headers.get("location", "").removeprefix(f"{self.api.endpoint}/")
        if response.status_code == 301 and re.fullmatch(r"[\w./-]+", moved_to):
            response = self.api.get(moved_to, {}, self._headers)
        if response.status_code == 200:
            return read_item(self.api.mapping(response), post)
        if response.status_code in GONE:
            return known.removed()
        raise SourceRefusedError(
            f"GitHub answered HTTP {response.status_code}: {_message(response)}"
        )

    def _read(self, query: str, window: Window, divisible: bool) -> WindowResult | None:
        """Read one window, None when it holds more than can be paged to."""
        # GitHub's A..B holds both ends.
        search = f"{query} is:issue created:{iso(window.start)}..{iso(window.end - 1)}"
        return read_pages(
            lambda number: self._page(search, number + 1),
            post,
            most=MAX_RESULTS,
            pages=MAX_RESULTS // PAGE,
            divisible=divisible,
        )

    def _page(self, search: str, number: int) -> Page:
        answer = self._search(search, number)
        items, total = answer.get("items"), whole(answer.get("total_count"))
        if not isinstance(items, list) or total is None:
            raise SourceRefusedError(f"{self.api.name}: a search without items or their number")
        return Page(items, total, incomplete=answer.get("incomplete_results") is True)

    def _search(self, search: str, page: int) -> dict[str, Any]:
        # Pages are counted, not followed: Link may hold other relations than `next`.
        params = {"q": search, "sort": "created", "order": "asc", "per_page": PAGE, "page": page}
        response = self.api.get("search/issues", params, self._headers)
        if response.status_code == 200:
            return self.api.mapping(response)
        if response.status_code == 401:
            raise SourceRefusedError(
                "GitHub does not accept GITHUB_TOKEN (HTTP 401): make a new one at "
                "https://github.com/settings/tokens, or unset it"
            )
        message = _message(response)
        if response.status_code == 422:
            raise QueryRefusedError(f"HTTP 422: {message}")
        raise SourceRefusedError(f"GitHub answered HTTP {response.status_code}: {message}")


def configured() -> GitHub:
    """Return the source as the settings want it. Raises SettingError for one that is no use."""
    token = settings.secret("github_token")
    repositories = settings.words("issues.github.repositories")
    queries = _queries(repositories, settings.words("issues.github.queries"))
    return GitHub(configured_api(SOURCE, parse_rate_limit, _most(token)), queries, token)


@dlt.source(name=SOURCE.name, max_table_nesting=0)
def github_issues(
    repositories: Sequence[str] = dlt.config.value,
    *,
    since: date = dlt.config.value,
    until: date | None = None,
    queries: Sequence[str] = (),
    github_token: TSecretStrValue | None = None,
    author_salt: TSecretStrValue | None = None,
    endpoint: str | None = None,
    requests_per_minute: int | None = None,
) -> Iterable[DltResource]:
    """Load issues of repositories by the day they were opened, for any dlt pipeline.

    repositories: `owner/name`. since, until: first and last day, UTC. queries: further searches, as
    on github.com/search. Without github_token GitHub allows 10 requests a minute. Without
    author_salt no authors are kept.
    """
    api = open_api(SOURCE, endpoint, requests_per_minute, parse_rate_limit, _most(github_token))
    source = GitHub(api, _queries(repositories, queries), github_token)
    return live(source, since, until, author_salt)


def _queries(repositories: Iterable[str], queries: Iterable[str]) -> list[str]:
    return [*(f"repo:{name}" for name in repositories), *queries]


def _most(token: str | None) -> int:
    return SOURCE.requests_per_minute if token else WITHOUT_TOKEN


def parse_rate_limit(response: httpx.Response, now: float) -> RateLimitHint:
    """Read GitHub's limits: the primary one tells its reset, the secondary one at most Retry-After.

    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    headers = response.headers
    exhausted = headers.get("x-ratelimit-remaining") == "0"
    reset = 0.0
    if exhausted:
        try:
            # One second more: the reset is rounded down to whole seconds.
            reset = max(0.0, float(headers.get("x-ratelimit-reset", "")) - now + 1.0)
        except ValueError:
            reset = SECONDARY_SECONDS
    if response.status_code not in (403, 429):
        return RateLimitHint(reset)
    if exhausted:
        return RateLimitHint(reset, "the rate limit is used up")
    if "retry-after" in headers:
        return RateLimitHint(0.0, "a secondary rate limit")
    if response.status_code == 429 or LIMIT_WORDS.search(_message(response)):
        return RateLimitHint(SECONDARY_SECONDS, "a secondary rate limit")
    return RateLimitHint()


def post(item: dict[str, Any]) -> Reading:
    """Make a post of an issue; raises for what is none."""
    if item.get("pull_request"):
        return "pull request"
    url = address(item.get("html_url"))
    user = item.get("user")
    labels = item.get("labels")
    reactions = item.get("reactions")
    names = [
        label["name"]
        for label in (labels if isinstance(labels, list) else ())
        if isinstance(label, dict) and isinstance(label.get("name"), str)
    ]
    return Post(
        native_id=identifier(item.get("id"), url),
        url=url,
        title=titled(item.get("title")),
        body=text(item.get("body")),
        created_at=moment(_timestamp(item.get("created_at"))),
        score=whole(reactions.get("total_count")) if isinstance(reactions, dict) else None,
        comment_count=whole(item.get("comments")),
        author=text(user.get("login")) if isinstance(user, dict) else None,
        raw={**kept(item, RAW_KEYS), "labels": names, **_kind_of_author(item)},
    )


def _timestamp(value: Any) -> float | None:
    """Return a time in ISO 8601 as seconds since the epoch; None for what is none."""
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _kind_of_author(item: dict[str, Any]) -> dict[str, str]:
    """Return whether a person or a program wrote an issue, which says nothing of who it was."""
    user = item.get("user")
    if not isinstance(user, dict):
        return {}
    is_app = str(user.get("login")).endswith("[bot]") or item.get("performed_via_github_app")
    kind = "Bot" if is_app else user.get("type")
    return {"author_type": kind} if isinstance(kind, str) else {}


def _message(response: httpx.Response) -> str:
    """Return what an error says, in one line; errors come as JSON, as HTML and as nothing."""
    try:
        body = parsed(response)
    except (ValueError, RecursionError):
        return response.reason_phrase
    if not isinstance(body, dict):
        return response.reason_phrase
    errors = body.get("errors") if isinstance(body.get("errors"), list) else []
    details = [e.get("message") if isinstance(e, dict) else e for e in errors]
    words = [body.get("message"), *details]
    return "; ".join(str(word)[:200] for word in words if word) or response.reason_phrase
