"""GitHub's REST search over recorded issues and pull requests: GET /github/search/issues.

The forms of answers and errors are those recorded in PyGithub's tests; what is newer has its source
beside it. Any Bearer token is accepted except exactly `ghp_invalid`.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from urllib.parse import urlencode

import numpy as np

from assay.sample.apis import github_query as language
from assay.sample.apis import post_index as index
from assay.sample.apis.post_index import Item, PostApi
from assay.sample.seeds.post import Post, hexadecimal, iso
from assay.sample.server.wire import ApiError, Request, Response, dumps

INVALID_TOKEN = "ghp_invalid"  # noqa: S105
ANONYMOUS_QUOTA, TOKEN_QUOTA, WINDOW_SECONDS = 10, 30, 60
SORTS = ("created", "updated", "comments", "reactions", "interactions")

DOCS = "https://docs.github.com/rest"
LIMIT_DOCS = f"{DOCS}/overview/rate-limits-for-the-rest-api"
NO_USER_AGENT = {
    "message": "Missing or invalid User Agent string."
    " See http://developer.github.com/v3/#user-agent-required"
}
SECONDARY = {
    "documentation_url": f"{LIMIT_DOCS}#about-secondary-rate-limits",
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try"
    " again. If you reach out to GitHub Support for help, please include the request ID <ID>.",
}
PRIMARY = (
    "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get"
    " a higher rate limit. Check out the documentation for more details.)"
)
NO_SUCH_REPOSITORY = (
    "The listed users and repositories cannot be searched either because the resources do not"
    " exist or you do not have permission to view them."
)
DEPRECATION = (
    "<https://github.blog/changelog/2025-03-06-github-issues-projects-api-support-for-issues-"
    'advanced-search-and-more/>; rel="deprecation"; type="text/html"'
)
HTML_503 = (
    b"<html><body><h1>503 Service Unavailable</h1>"
    b"No server is available to handle this request.</body></html>"
)


ISSUE = re.compile(r"/github/repos/([\w.-]+/[\w.-]+/issues/\d+)")


def describe(item: Item) -> index.Described:
    """What an issue is found and sorted by. The repository is only in its address."""
    repository = "/".join(str(item.get("repository_url") or "").split("/")[-2:])
    labels = item.get("labels")
    comments = index.number(item.get("comments"))
    reactions = index.number(index.mapping(item.get("reactions")).get("total_count"))
    numbers = {
        "id": index.number(item.get("id")),
        "comments": comments,
        "reactions": reactions,
        "interactions": comments + reactions,
    } | {name: index.epoch(item.get(f"{name}_at")) for name in language.DATES}
    names = [
        index.mapping(label).get("name") for label in (labels if isinstance(labels, list) else ())
    ]
    return numbers, [
        ("kind", "pull-request" if item.get("pull_request") else "issue"),
        *index.named("repo", repository if "/" in repository else None),
        *index.named("owner", repository.partition("/")[0] or None),
        *index.named("page", f"{repository}/issues/{item.get('number')}"),
        *index.named("state", item.get("state")),
        *index.named("label", names),
        *index.named("author", index.mapping(item.get("user")).get("login")),
    ]


class GitHub(PostApi):
    """The search of issues over `github_issues.jsonl`."""

    paths: ClassVar = ("/github",)
    needs: ClassVar = ("github_issues.jsonl",)
    describe = staticmethod(describe)
    window_seconds = WINDOW_SECONDS

    def answer(self, request: Request) -> Response:
        """Route by path. Raises ApiError for everything that GitHub refuses."""
        if not _has_agent(request):
            kind = "application/octet-stream"
            raise ApiError(Response(403, dumps(NO_USER_AGENT), content_type=kind))
        if index.bearer(request.headers) == INVALID_TOKEN:
            raise ApiError(language.error(401, "Bad credentials", DOCS))
        if request.method == "GET" and (page := ISSUE.fullmatch(request.path)):
            return self._issue(page[1])
        if request.method != "GET" or request.path != "/github/search/issues":
            raise ApiError(language.error(404, "Not Found", DOCS))
        return self._search(request)

    def _issue(self, page: str) -> Response:
        """One issue by its repository and number."""
        row = self._items.first("page", page)
        if row is None:
            raise ApiError(language.error(404, "Not Found", DOCS))
        return Response(200, dumps(self._items.items([row])[0]))

    def error(self, status: int, message: str) -> Response:
        """An error as recorded: 500 and 502 say `error`, 503 is HTML under the type of JSON.

        429 is one of the two forms of the secondary limit.
        """
        if status in (500, 502):
            return Response(status, dumps({"error": "Server Error"}))
        if status == 503:
            return Response(status, HTML_503)
        if status == 429:
            return Response(status, dumps(SECONDARY))
        return language.error(status, message, DOCS)

    def refused(self, seconds: int) -> Response:
        """The primary limit: 403, nothing remaining, and the reset as seconds since 1970."""
        response = language.error(403, PRIMARY, LIMIT_DOCS)
        response.headers |= _limits(ANONYMOUS_QUOTA, 0, seconds)
        return response

    def meter_caller(self, request: Request) -> tuple[dict[str, str], Response | None]:
        """Count a request for its token, or for all that have none."""
        token = index.bearer(request.headers)
        if not _has_agent(request) or token == INVALID_TOKEN:
            return {}, None
        quota = TOKEN_QUOTA if token else ANONYMOUS_QUOTA
        passed, left, reset = self._callers.take(token, quota)
        limits = _limits(quota, left, reset)
        if passed:
            return limits, None
        return limits, replace(self.refused(reset), headers=limits)

    def spoil(self, kind: str, _: Request, honest: Callable[[], Response]) -> Response | None:
        """The faults that only GitHub has."""
        if kind == "github-secondary":
            return Response(403, dumps(SECONDARY), {"Retry-After": "1"})
        if kind != "incomplete":
            return None
        response = honest()
        if response.status == 200:  # every third item is missing, the first one at least
            found = json.loads(response.body)
            del found["items"][::3]
            response.body = dumps(found | {"incomplete_results": True})
        return response

    # --- GET /search/issues ------------------------------------------------------------------

    def _search(self, request: Request) -> Response:
        """One page. One that begins within the 1,000 may end beyond them, as measured on GitHub:
        page 34 of 30 is served whole (https://github.com/brekkylab/backlot/pull/144).
        """
        terms = language.parse(request.last("q"))
        size = index.count(request.last("per_page"), 30, 100)
        start = (index.count(request.last("page"), 1, 10**9) - 1) * size
        if start >= self._reach:
            message = f"Only the first {self._reach} search results are available"
            raise ApiError(language.error(422, message, language.SEARCH_DOCS))
        rows = self._rows(terms, request.last("sort"), request.last("order"))
        items = self._items.items(rows[start : start + size].tolist())
        body = {
            "total_count": len(rows),
            "incomplete_results": False,
            "items": [item | {"score": 1.0} for item in items],
        }
        last = math.ceil(min(len(rows), self._reach) / size)
        link = self._link(request, start // size + 1, last)
        return Response(200, dumps(body), {"Link": link} if link else {})

    def _rows(self, terms: list[language.Term], sort: str | None, order: str | None) -> np.ndarray:
        """All that match. An unknown sort is no error but GitHub's best match: here, the newest."""
        by = sort if sort in SORTS else SORTS[0]
        ascending = sort in SORTS and order == "asc"
        key = (tuple(terms), by, ascending)
        return self._items.kept(
            key, lambda: self._items.pick(self._mask(terms), by, ascending=ascending)
        )

    def _mask(self, terms: list[language.Term]) -> np.ndarray:
        mask = np.ones(self._items.size, dtype=bool)
        fields: set[str] = set()
        for negative, qualifier, values in terms:
            if qualifier == "in":
                fields.update(values)
            elif qualifier is not None:
                mask &= self._condition(qualifier, values) ^ negative
        for negative, qualifier, values in terms:  # last, since these read the items themselves
            if qualifier is None:
                patterns = [index.whole_words(value) for value in values]
                found = self._items.holding(mask, patterns, sorted(fields) or ("title", "body"))
                mask = mask & ~found if negative else found
        return mask

    def _condition(self, qualifier: str, values: tuple[str, ...]) -> np.ndarray:
        if qualifier in language.DATES:
            return language.within(self._items.column(qualifier), values[0], language.span)
        if qualifier == "comments":
            return language.within(self._items.column(qualifier), values[0], language.integer)
        known = self._items.knows(qualifier, *values)
        # a recording without items knows no repository, so none can be called missing
        if qualifier in ("repo", "owner") and not known and self._items.size:
            raise language.invalid(NO_SUCH_REPOSITORY)
        return self._items.carrying(qualifier, *values)

    def _link(self, request: Request, page: int, last: int) -> str:
        pages: dict[str, int] = {}
        if page > 1:
            pages["prev"] = min(page - 1, max(last, 1))
        if page < last:
            pages |= {"next": page + 1, "last": last}
        if page > 1:
            pages["first"] = 1
        kept = [(k, v) for k, v in request.query if k != "page"]
        url = f"{request.base}{request.path}"
        links = [DEPRECATION] if "deprecation-link" in self._quirks else []
        for rel, number in pages.items():
            links.append(f'<{url}?{urlencode([*kept, ("page", number)])}>; rel="{rel}"')
        return ", ".join(links)


def _has_agent(request: Request) -> bool:
    return bool(request.headers.get("User-Agent", "").strip())


def _limits(quota: int, left: int, seconds: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(quota),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Used": str(quota - left),
        "X-RateLimit-Reset": str(int(time.time()) + seconds),
        "X-RateLimit-Resource": "search",
    }


API = GitHub

# --- items of the bundled sample ---

SEED_KEYS = {"in", "labels", "closed", "pr"}  # of a post's head: make/post_seeds.py
FIRST_ID = 4_100_000_000  # of FIRST_MOMENT: above what there was when this was written
FIXED_KEYS: Item = {
    "locked": False,
    "assignee": None,
    "assignees": [],
    "milestone": None,
    "active_lock_reason": None,
    "performed_via_github_app": None,
    "score": 1.0,
}


def _labels(post: Post, api: str) -> list[Item]:
    """A repository's labels."""
    found = []
    for name in post.head.get("labels", ()):
        color = hexadecimal(name, 6)
        address = f"{api}/labels/{name.replace(' ', '%20')}"
        entry = {"id": int(color, 16), "url": address, "name": name, "color": color}
        found.append(entry | {"default": name in ("bug", "enhancement", "question")})
    return found


def _reactions(url: str, score: int) -> Item:
    """The score as thumbs up, and a heart now and then."""
    hearts = score // 6
    kinds = {"+1": score - hearts, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0}
    kinds |= {"heart": hearts, "rocket": 0, "eyes": 0}
    return {"url": f"{url}/reactions", "total_count": score, **kinds}


def _pull_request(post: Post, api: str, number: int, page: str) -> Item:
    """What only a pull request has."""
    merged = iso(post.later("closed", 40)) if post.head.get("closed") else None
    links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    link = {"url": f"{api}/pulls/{number}", **links, "merged_at": merged}
    return {"draft": False, "pull_request": link}


def item_of(post: Post) -> Item:
    """One item of GET /search/issues."""
    repository, pull = post.head["in"], post.head.get("pr", False)
    closed = iso(post.later("closed", 40)) if post.head.get("closed") else None
    api = f"https://api.github.com/repos/{repository}"
    # counts up by one in 37 minutes, so that the later of two has the larger number
    number = int(hexadecimal(repository, 3), 16) + post.age // (37 * 60)
    url, login, native = f"{api}/issues/{number}", post.author("-"), FIRST_ID + post.age
    page = f"https://github.com/{repository}/{'pull' if pull else 'issues'}/{number}"
    user = {"login": login, "id": int(hexadecimal(login, 7), 16), "type": "User"}
    # a browser sends CRLF, command lines and mails do not
    body = post.body.replace("\n", "\r\n") if post.rng("line ends").random() < 0.4 else post.body
    item = {
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        "id": native,
        "node_id": ("PR_" if pull else "I_") + hexadecimal(f"{native}", 14),
        "number": number,
        "title": post.title,
        "user": user | {"html_url": f"https://github.com/{login}"},
        "labels": _labels(post, api),
        "state": "closed" if closed else "open",
        "state_reason": "completed" if closed else None,
        "comments": post.head["comments"],
        "created_at": iso(post.epoch),
        "updated_at": closed or iso(post.later("updated", 40)),
        "closed_at": closed,
        "author_association": post.rng("role").choice(["NONE"] * 4 + ["CONTRIBUTOR", "MEMBER"]),
        "body": body or None,
        "reactions": _reactions(url, post.head["score"]),
        **FIXED_KEYS,
    }
    return item | (_pull_request(post, api, number, page) if pull else {})


def identity(item: Item) -> tuple[str, str]:
    """The id that the source gives to an item, and the address of its page."""
    return str(item["id"]), item["html_url"]
