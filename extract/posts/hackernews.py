"""Hacker News stories and comments: Algolia's search_by_date, in windows of created_at_i.

https://hn.algolia.com/api
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import Any

import dlt
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from assay.common.post_sources import POST_SOURCES
from assay.extract import settings
from assay.extract.http.client import Api
from assay.extract.http.transport import SourceRefusedError
from assay.extract.posts.api import configured_api, open_api
from assay.extract.posts.live import live
from assay.extract.posts.post import (
    DELETED,
    DayResult,
    Known,
    Page,
    Post,
    QueryRefusedError,
    Reading,
    Removed,
    WindowResult,
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
from assay.extract.posts.windows import Window

SOURCE = POST_SOURCES["hackernews"]
MAX_HITS = 1000  # of one question, whatever nbHits says
MAX_PAGES = 10  # should the pages be smaller than asked for
ITEM = "https://news.ycombinator.com/item?id={}"
RAW_KEYS = ("objectID", "url", "story_id", "updated_at")
COMMENT_KEYS = ("objectID", "story_id", "story_title", "story_url", "parent_id", "updated_at")


class HackerNews:
    """Stories and comments that the configured searches find. A query is `story` (all of them) or
    `story words`, where `story` stands for whatever Algolia calls tags, such as `comment`."""

    name = SOURCE.name

    def __init__(self, api: Api, queries: list[str]) -> None:
        self.queries = queries
        self.api = api

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[DayResult]:
        """Cover days of one search; see `assay.extract.posts.post.Source`."""
        return read_in_windows(self, query, days, now, partial(self._read, query))

    def look_up(self, posts: list[Known]) -> Iterator[tuple[Known, Reading]]:
        """Ask for what is there of the second of each; see `assay.extract.posts.post.Source`. The
        words of a search are left out: who edits a title takes nothing back."""
        for known in posts:
            tags = known.query.partition(" ")[0]
            at = Window(known.created_at, known.created_at + 1)
            hits = (hit for hit in self._page(tags, at, 0).items if isinstance(hit, dict))
            found = [hit for hit in hits if str(hit.get("objectID")) == known.native_id]
            yield known, read_item(found[0], post) if found else known.removed()

    def _read(self, query: str, window: Window, divisible: bool) -> WindowResult | None:
        """Read one window, None when it holds as many hits as one question gives."""
        return read_pages(
            lambda number: self._page(query, window, number),
            post,
            most=MAX_HITS - 1,  # as many as one question gives may be more
            pages=MAX_PAGES,
            divisible=divisible,
        )

    def _page(self, query: str, window: Window, number: int) -> Page:
        answer = self._search(query, window, number)
        hits, total = answer.get("hits"), whole(answer.get("nbHits"))
        if not isinstance(hits, list) or total is None:
            raise SourceRefusedError(f"{self.api.name}: an answer without hits or their number")
        return Page(hits, total, exact=answer.get("exhaustiveNbHits") is not False)

    def _search(self, query: str, window: Window, page: int) -> dict[str, Any]:
        tags, _, words = query.partition(" ")
        params = {
            "query": words,
            "tags": tags,
            "numericFilters": f"created_at_i>={window.start},created_at_i<{window.end}",
            "hitsPerPage": MAX_HITS,
            "page": page,
        }
        response = self.api.get("api/v1/search_by_date", params)
        if response.status_code == 200:
            return self.api.mapping(response)
        if response.status_code == 400:
            raise QueryRefusedError(f"HTTP 400: {self._message(response)}")
        raise SourceRefusedError(
            f"{self.api.name} answered HTTP {response.status_code}: {self._message(response)}"
        )

    def _message(self, response: Any) -> str:
        return str(self.api.mapping(response).get("message"))[:200]


def configured() -> HackerNews:
    """Return the source as the settings want it. Raises SettingError for one that is no use."""
    return HackerNews(configured_api(SOURCE), settings.words("issues.hackernews.queries"))


@dlt.source(name=SOURCE.name, max_table_nesting=0)
def hackernews(
    queries: Sequence[str] = ("story",),
    *,
    since: date = dlt.config.value,
    until: date | None = None,
    author_salt: TSecretStrValue | None = None,
    endpoint: str | None = None,
    requests_per_minute: int | None = None,
) -> Iterable[DltResource]:
    """Load stories by the day they were posted, for any dlt pipeline.

    queries: each Algolia's tags and words that must occur, `story`, `ask_hn postgres`. since,
    until: first and last day, UTC. Without author_salt no authors are kept.
    """
    api = open_api(SOURCE, endpoint, requests_per_minute)
    return live(HackerNews(api, list(queries)), since, until, author_salt)


def post(item: dict[str, Any]) -> Reading:
    """Make a post of a story, or of a comment on one; raises for what is none. Any key may be null
    or absent."""
    native_id = identifier(item.get("objectID"))
    url = ITEM.format(native_id)
    tags = item.get("_tags") if isinstance(item.get("_tags"), list) else []
    # The tags also name the author.
    tags = [tag for tag in tags if isinstance(tag, str) and not tag.startswith("author_")]
    is_comment = "comment" in tags or item.get("comment_text") is not None
    said = item.get("comment_text" if is_comment else "title")
    if said is None and "pollopt" in tags:
        return "an option of a poll"
    if said is None:
        return Removed(native_id, url, DELETED)
    children = item.get("children")
    answers = len(children) if isinstance(children, list) else None
    return Post(
        native_id=native_id,
        url=url,
        title=_title_of_thread(item) if is_comment else titled(said),
        body=text(said if is_comment else item.get("story_text")),
        created_at=moment(item.get("created_at_i")),
        score=whole(item.get("points")),
        comment_count=answers if is_comment else whole(item.get("num_comments")),
        author=text(item.get("author")),
        link=None if is_comment else text(item.get("url")),
        raw={**kept(item, COMMENT_KEYS if is_comment else RAW_KEYS), "_tags": tags},
    )


def _title_of_thread(item: dict[str, Any]) -> str:
    """Return the title of a comment, which has none: its story's, as mail names an answer."""
    return f"Re: {titled(item.get('story_title'))}"
