"""Hacker News stories: Algolia's search_by_date, in windows of created_at_i.

https://hn.algolia.com/api
"""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from extract.client import Api
from extract.http import SourceRefusedError
from extract.posts import (
    SHORT,
    Day,
    Post,
    QueryRefusedError,
    Reading,
    covered_days,
    kept,
    moment,
    text,
    titled,
    whole,
)
from extract.windows import Window

MOST_HITS = 1000  # of one question, whatever nbHits says
ITEM = "https://news.ycombinator.com/item?id={}"
RAW_KEYS = ("objectID", "url", "story_id", "updated_at")


class HackerNews:
    """Stories that the configured searches find. A query is `story` (all of them) or `story words`,
    where `story` stands for whatever Algolia calls tags."""

    name = "hackernews"

    def __init__(self, api: Api, queries: list[str]) -> None:
        self.queries = queries
        self.api = api

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[Day]:
        """Cover days of one search; see `extract.posts.Source`."""
        return covered_days(self, query, days, now, partial(self._read, query))

    def _read(self, query: str, window: Window, divisible: bool) -> Reading | None:
        """Read one window, None when it holds as many hits as one question gives."""
        reading, total, page = Reading(), 0, 0
        while reading.given < MOST_HITS and (page == 0 or reading.given < total):
            answer = self._search(query, window, page)
            page += 1
            hits, said = answer.get("hits"), whole(answer.get("nbHits"))
            if not isinstance(hits, list) or said is None:
                raise SourceRefusedError(f"{self.api.name}: an answer without hits or their number")
            total = said
            if total >= MOST_HITS and divisible:
                return None
            reading.take(hits, post)
            if not hits:
                break
        if reading.given < total:
            if total > MOST_HITS:
                return reading.cut(f"{total:,} in one second: the API gives {MOST_HITS:,}",
                                   final=True)  # fmt: skip
            return reading.cut(SHORT.format(given=reading.given, total=total), final=False)
        return reading

    def _search(self, query: str, window: Window, page: int) -> dict[str, Any]:
        tags, _, words = query.partition(" ")
        params = {
            "query": words,
            "tags": tags,
            "numericFilters": f"created_at_i>={window.start},created_at_i<{window.end}",
            "hitsPerPage": MOST_HITS,
            "page": page,
        }
        response = self.api.get("api/v1/search_by_date", params)
        if response.status_code == 200:
            return self.api.mapping(response)
        if response.status_code == 400:
            raise QueryRefusedError(f"HTTP 400: {text(self._message(response))}")
        raise SourceRefusedError(
            f"{self.api.name} answered HTTP {response.status_code}: {self._message(response)}"
        )

    def _message(self, response: Any) -> str:
        return str(self.api.mapping(response).get("message"))[:200]


def post(item: dict[str, Any]) -> Post | str:
    """Make a post of a story; raises for what is none. Any key may be null or absent."""
    if item.get("title") is None:
        return "deleted"
    native_id = str(item["objectID"])
    tags = item.get("_tags") if isinstance(item.get("_tags"), list) else []
    # The tags also name the author.
    tags = [tag for tag in tags if isinstance(tag, str) and not tag.startswith("author_")]
    return Post(
        native_id=native_id,
        url=ITEM.format(native_id),
        title=titled(item["title"]),
        body=text(item.get("story_text")),
        created_at=moment(item["created_at_i"]),
        score=whole(item.get("points")),
        comment_count=whole(item.get("num_comments")),
        author=text(item.get("author")),
        link=text(item.get("url")),
        raw={**kept(item, RAW_KEYS), "_tags": tags},
    )
