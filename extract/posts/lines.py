"""What sources give as lines of JSON: one for each post, one for each window.

Here a post loses what may not be kept of a person: the author becomes a hash, and what a form asked
of them is masked (common/redaction.py), so that no layer ever has it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pyarrow as pa

from assay.common.redaction import without_answers
from assay.extract.landing.run_folder import MAX_RECORD, encoded
from assay.extract.landing.table import UTC_TIME, BronzeTable
from assay.extract.posts.post import DayResult, Known, Post, Removed, WindowResult, author_hash
from assay.extract.posts.urls import canonical_or_none, url_hash
from assay.extract.posts.windows import Window


@dataclass
class DayLines:
    """One day of one query as lines. removed: posts that were taken back. dropped: items that
    became no line of a post, by reason. truncated: windows of which the source has more, by reason.
    """

    posts: list[bytes] = field(default_factory=list)
    removed: list[bytes] = field(default_factory=list)
    windows: list[bytes] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: Counter[str] = field(default_factory=Counter)


class LineWriter:
    """Turns what sources give into lines.

    salt: what authors' names are hashed with; without one no author is kept. settle_seconds: how
    long after its end a day may still get posts, since search indexes lag. now: when the run began,
    seconds since the epoch.
    """

    def __init__(self, run_id: str, salt: bytes | None, settle_seconds: int, now: int) -> None:
        self._run_id, self._salt = run_id, salt
        self._settle_seconds, self._now = settle_seconds, now
        self._seq = 0

    def day(self, result: DayResult) -> DayLines:
        """Return a day's posts and windows."""
        lines = DayLines()
        for window, given in result.windows:
            dropped, before = Counter(given.dropped), len(lines.posts)
            for post in given.posts:
                line = self._post(result, post)
                if isinstance(line, bytes):
                    lines.posts.append(line)
                else:
                    dropped[line] += 1
            lines.removed += filter(None, (self._removed(result, one) for one in given.removed))
            items = len(lines.posts) - before
            lines.windows.append(self._window(result, window, given, items, dropped))
            lines.dropped += dropped
            if given.truncated:
                lines.truncated[given.reason or "?"] += 1
        return lines

    def again(self, source: str, known: Known, reading: Post | Removed, lines: DayLines) -> None:
        """Add what a source says of a post that it was asked for by itself. It keeps its address,
        whatever the source calls it now."""
        result = DayResult(source, known.query, known.day, [])
        if isinstance(reading, Removed):
            lines.removed += filter(None, [self._removed(result, reading)])
            return
        line = self._post(result, replace(reading, url=known.url))
        if isinstance(line, bytes):
            lines.posts.append(line)

    def _post(self, result: DayResult, post: Post) -> bytes | str:
        """Encode a post, or say why it cannot be kept."""
        try:
            identity = url_hash(post.url)
        except ValueError:
            return "no web address"
        link = canonical_or_none(post.link)
        author = author_hash(self._salt, result.source, post.author) if self._salt else None
        line = self._line(
            result,
            url_hash=identity,
            native_id=post.native_id,
            url=post.url,
            link_url=link,
            link_hash=url_hash(link) if link else None,
            title=post.title,
            body=without_answers(post.body) if post.body else post.body,
            author_hash=author,
            score=post.score,
            comment_count=post.comment_count,
            raw=post.raw,
            created_at=post.created_at,
        )
        return line if len(line) <= MAX_RECORD else "too large"

    def _removed(self, result: DayResult, post: Removed) -> bytes | None:
        """Encode that a post was taken back, without a word of it."""
        try:
            identity = url_hash(post.url)
        except ValueError:
            return None
        return self._line(result, url_hash=identity, native_id=post.native_id, reason=post.reason)

    def _window(
        self,
        result: DayResult,
        window: Window,
        given: WindowResult,
        items: int,
        dropped: Counter[str],
    ) -> bytes:
        settled = self._now >= Window.of_day(result.day).end + self._settle_seconds
        return self._line(
            result,
            window_start=window.start,
            window_end=window.end,
            items=items,
            dropped=dropped.total(),
            dropped_why=dict(sorted(dropped.items())) or None,
            truncated=given.truncated,
            reason=given.reason,
            is_final=given.final and settled,
        )

    def _line(self, result: DayResult, **more: Any) -> bytes:
        self._seq += 1
        return encoded(
            {
                "seq": f"{self._seq:012d}",
                "run_id": self._run_id,
                "collected_at": self._now,
                "source": result.source,
                "query": result.query,
                "collection_date": result.day.isoformat(),
                **more,
            }
        )


def as_rows(table: BronzeTable, lines: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return lines as rows of a bronze table, the same that loading a run folder makes of them."""
    return [_row(table, orjson.loads(line)) for line in lines]


def _row(table: BronzeTable, record: dict[str, Any]) -> dict[str, Any]:
    row = {name: record.get(name) for name in table.schema.names}
    for one in table.schema:
        value = row[one.name]
        if value is not None and one.type == UTC_TIME:
            row[one.name] = datetime.fromtimestamp(value, UTC)
        elif value is not None and one.type == pa.date32():
            row[one.name] = date.fromisoformat(value)
    return row
