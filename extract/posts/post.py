"""What the four sources of posts have in common: a post, a reading of a window, a covered day."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from assay.extract.http.client import Api
from assay.extract.posts.windows import Window, cover

# Why a day is asked for again: the source gave less than it said it has.
MAX_ATTEMPTS = 3  # at one window, while what comes is not all there is
INCOMPLETE = "incomplete_results"
SHORT = "the API gave {given:,} of {total:,}"


DELETED = "deleted"


class UnusableError(ValueError):
    """An item cannot be made a post of; the message names what it lacks, in a few words."""


class QueryRefusedError(Exception):
    """A source refuses one of our queries, say a private subreddit; the others go on."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post, with the source's own words.

    created_at: seconds since the epoch. url: the post's own page; link: the page a link post points
    at. author: as the source names them, which is never stored. raw: further keys worth keeping.
    """

    native_id: str
    url: str
    title: str
    body: str | None
    created_at: int
    score: int | None
    comment_count: int | None
    author: str | None
    link: str | None = None
    raw: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Removed:
    """A post that its author or a moderator took back, as its source says: `reason`."""

    native_id: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class Known:
    """A post that bronze has. day: the day of its collection. raw: JSON, as it was stored."""

    url_hash: str
    native_id: str
    url: str
    query: str
    day: date
    created_at: int
    raw: str

    def removed(self, reason: str = DELETED) -> Removed:
        """Return that the source does not have it any more."""
        return Removed(self.native_id, self.url, reason)


Reading = Post | Removed | str  # what an item is; a text names the reason to drop it


@dataclass
class WindowResult:
    """What a source gave for one window.

    received: items that came. removed: those that were taken back. dropped: those that are no post
    for us, by reason, with what was taken back. truncated: the
    source has more than it gave, and `reason` says why. final: asking again would bring nothing
    more.
    """

    posts: list[Post] = field(default_factory=list)
    removed: list[Removed] = field(default_factory=list)
    received: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    truncated: bool = False
    reason: str | None = None
    final: bool = True

    def add(self, items: list[Any], read: Callable[[Any], Reading]) -> None:
        """Add items; `read` makes a post of one, or says why not."""
        for item in items:
            self.received += 1
            found = read_item(item, read)
            if isinstance(found, Post):
                self.posts.append(found)
            elif isinstance(found, Removed):
                self.removed.append(found)
                self.dropped[DELETED] += 1
            else:
                self.dropped[found] += 1

    def truncate(self, reason: str, *, final: bool) -> "WindowResult":
        """Say that the source has more than it gave."""
        self.truncated, self.reason, self.final = True, reason, final
        return self


@dataclass
class DayResult:
    """One day of one query, covered: its windows in order of time and what each gave."""

    source: str
    query: str
    day: date
    windows: list[tuple[Window, WindowResult]]


class Source(Protocol):
    """One origin of posts."""

    name: str
    queries: list[str]
    api: Api

    def read_days(self, query: str, days: list[date], now: int) -> Iterator[DayResult]:
        """Yield each day of a query once it is covered, up to `now` (seconds since the epoch).

        Raises QueryRefusedError, SourceRefusedError or SourceUnavailableError.
        """

    def look_up(self, posts: list[Known]) -> Iterator[tuple[Known, Reading]]:
        """Yield each post with what the source says of it now: that it is there, that it is not any
        more, or in a few words why nobody can tell. Raises as `read_days`.
        """


@dataclass(frozen=True)
class Page:
    """One page of a window. total: how many the source says there are in all, if that is exact."""

    items: list[Any]
    total: int
    incomplete: bool = False
    exact: bool = True


def read_pages(
    ask: Callable[[int], Page],
    read: Callable[[Any], Reading],
    *,
    most: int,
    pages: int,
    divisible: bool,
) -> WindowResult | None:
    """Read one window page by page, None when it holds more than `most` and can be halved.

    ask: returns a page by its number from 0; no more than `pages` are asked for.
    """
    result, totals, incomplete, exact = WindowResult(), set[int](), False, True
    for number in range(pages):
        page = ask(number)
        result.add(page.items, read)
        totals.add(page.total)
        incomplete, exact = incomplete or page.incomplete, exact and page.exact
        if divisible and max(result.received, page.total) > most:
            return None
        if not page.items or (page.exact and result.received >= page.total):
            break
    total = max(totals)
    if incomplete:
        return result.truncate(INCOMPLETE, final=False)
    received = result.received
    if max(total, received) > most and (total > received or not exact):
        total = max(total, received)
        return result.truncate(f"{total:,} in one second: the API gives {received:,}", final=True)
    if exact and len(totals) > 1:
        # What is deleted while we page moves the rest up, and one slips from page to page.
        return result.truncate("the number of results changed while reading", final=False)
    if exact and result.received < total:
        return result.truncate(SHORT.format(given=result.received, total=total), final=False)
    return result


def read_in_windows(
    source: Source,
    query: str,
    days: list[date],
    now: int,
    read: Callable[[Window, bool], WindowResult | None],
    *,
    attempts: int = MAX_ATTEMPTS,
) -> Iterator[DayResult]:
    """Cover days one by one for a source that can be asked for any window of time.

    `read(window, divisible)` reads one window, None when it holds too much (windows.py); it
    is called up to `attempts` times while what comes is not all there is.
    """
    pauses = source.api.transport.retry_policy.backoff[: attempts - 1]

    def read_completely(window: Window, divisible: bool) -> WindowResult | None:
        return _read_until_complete(source.api, lambda: read(window, divisible), pauses)

    for day in days:
        window = Window.of_day(day).until(now)
        yield DayResult(source.name, query, day, list(cover(window, read_completely)))


def _read_until_complete(
    api: Api, read: Callable[[], WindowResult | None], pauses: Sequence[float]
) -> WindowResult | None:
    """Read once more after each pause while what comes is not all there is; keep what ever came."""
    posts: dict[str, Post] = {}
    removed: dict[str, Removed] = {}
    for seconds in (*pauses, None):
        result = read()
        if result is None or result.final:
            return result
        posts |= {post.native_id: post for post in result.posts}
        removed |= {post.native_id: post for post in result.removed}
        if seconds is not None:
            api.transport.clock.sleep(seconds)
    result.posts, result.removed = list(posts.values()), list(removed.values())
    return result


def read_item(item: Any, read: Callable[[Any], Reading]) -> Reading:
    """Return what `read` makes of an item, and for what it cannot read the reason by name."""
    try:
        return read(item)
    except UnusableError as error:
        return str(error)
    except KeyError as error:
        return f"no {error.args[0]}"
    except (AttributeError, TypeError):
        return "a field of another type" if isinstance(item, dict) else "not an object"
    except (ValueError, OverflowError):
        return "a field out of range"


def in_batches(posts: list[Known], most: int) -> Iterator[list[Known]]:
    """Yield posts in lists of at most so many."""
    for start in range(0, len(posts), most):
        yield posts[start : start + most]


def text(value: Any) -> str | None:
    """Return a text as it is, and None for anything else."""
    return value if isinstance(value, str) else None


def whole(value: Any) -> int | None:
    """Return a number as a whole one that every database can take, and None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if -(2**53) < value < 2**53 else None  # NaN and infinities are not


def moment(value: Any) -> int:
    """Return a time in whole seconds since the epoch. Raises UnusableError when it is none."""
    seconds = whole(value)
    if seconds is None or not 0 <= seconds < 253_402_300_800:  # the year 10000
        raise UnusableError("no time")
    return seconds


def titled(value: Any) -> str:
    """Return a title. Raises UnusableError when there is none."""
    if not isinstance(value, str) or not value.strip("\0 \t\r\n"):
        raise UnusableError("no title")
    return value


def address(value: Any) -> str:
    """Return the address of a post's page. Raises UnusableError when there is none."""
    if not isinstance(value, str) or not value:
        raise UnusableError("no address")
    return value


def identifier(value: Any, url: str | None = None) -> str:
    """Return an item's id as a text; for an item without one the address of its page, which is the
    key that counts. Raises UnusableError when there is neither."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        if url:
            return url
        raise UnusableError("no id")
    return str(value)


def kept(item: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the named keys of an item that has them. Only what is named is kept: an API may begin
    to send an author's name in a key that nobody has heard of."""
    return {key: item[key] for key in keys if item.get(key) is not None}


def author_hash(salt: bytes, source: str, author: str | None) -> str | None:
    """Return what stands for an author: 32 hex digits that nobody can trace without the salt."""
    if not author:
        return None
    name = f"{source}:{author}".encode("utf-8", "surrogatepass")
    return hmac.new(salt, name, hashlib.sha256).hexdigest()[:32]
