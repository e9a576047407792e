"""What the tests of the sources of posts share: items in the APIs' shapes, a network, a clock."""

import heapq
import itertools
import math
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import orjson

from assay.extract.http.client import Api
from assay.extract.http.transport import ParseRateLimit, RetryPolicy
from assay.extract.posts.post import DayResult, Post, Source, WindowResult
from assay.extract.posts.windows import Window, iso
from assay.sample.replay import ReplayServer
from tests.extract.helpers import EPOCH, Script, VirtualClock

DAY = date(2026, 11, 9)
NEXT = date(2026, 11, 10)
START = Window.of_day(DAY).start
LATER = START + 30 * 86_400  # when the tests read: all days are over
AGENT = "assay-tests/1.0 (tests)"
BACKOFF = (4.0, 8.0, 16.0, 32.0, 60.0)
Replay = Callable[..., ReplayServer]  # what the fixture of this name gives


class SteppedClock:
    """Virtual time for many threads and sleeps: threads run one at a time, as their sleeps end."""

    def __init__(self) -> None:
        self._now, self._running = 0.0, 1
        self._waiting: list[tuple[float, int, threading.Lock]] = []
        self._order, self._lock = itertools.count(), threading.Lock()

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return EPOCH + self._now

    def sleep(self, seconds: float) -> None:
        gate = threading.Lock()
        gate.acquire()
        with self._lock:
            wake = max(self._now + seconds, math.nextafter(self._now, math.inf))
            heapq.heappush(self._waiting, (wake, next(self._order), gate))
            self._leave()
        gate.acquire()

    def run(self, count: int, action: Callable[[int], Any]) -> None:
        """Run the action in so many threads, each given its number, and wait for them."""

        def body(number: int) -> None:
            try:
                action(number)
            finally:
                with self._lock:
                    self._leave()

        self._running = count
        threads = [threading.Thread(target=body, args=(n,), daemon=True) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(300)
            assert not thread.is_alive(), "a thread hangs, or sleeps while it holds a lock"
        self._running = 1

    def _leave(self) -> None:
        self._running -= 1
        if not self._running and self._waiting:
            self._now, _, gate = heapq.heappop(self._waiting)
            self._running = 1
            gate.release()


def api(
    endpoint: str,
    parse_rate_limit: ParseRateLimit | None = None,
    *,
    clock: VirtualClock | None = None,
    most: int = 0,
    inner: httpx.BaseTransport | None = None,
    **retry_policy: Any,
) -> Api:
    """The session that a source has, on a virtual clock and without pauses of its own."""
    manners = RetryPolicy(min_interval=0.0, **retry_policy)
    clock = clock or VirtualClock()
    return Api(
        "The API",
        endpoint,
        manners,
        user_agent=AGENT,
        most=most,
        parse_rate_limit=parse_rate_limit,
        clock=clock,
        inner=inner,
    )


def scripted_api(
    parse_rate_limit: ParseRateLimit | None, *answers: Any, **more: Any
) -> tuple[Api, Script]:
    """A session with an API that gives the answers of a list."""
    clock = VirtualClock()
    script = Script(clock, *answers)
    return api("http://api.test", parse_rate_limit, clock=clock, inner=script, **more), script


def answer(body: Any = None, status: int = 200, **headers: str) -> Callable[[], httpx.Response]:
    """An answer in JSON, or in HTML when the body is text; header names with _ for -."""
    kind = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
    content = body.encode() if isinstance(body, str) else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: httpx.Response(
        status, content=content, headers={"content-type": kind} | named
    )  # one of its own per request


def covered(source: Source, query: str, *days: date, now: int = LATER) -> list[DayResult]:
    """Read days to their end."""
    return list(source.read_days(query, list(days or [DAY]), now))


def only(source: Source, query: str, now: int = LATER) -> tuple[Window, WindowResult]:
    """Read one day that takes one window."""
    [day] = covered(source, query, DAY, now=now)
    [(window, reading)] = day.windows
    return window, reading


def readings(days: Iterable[DayResult]) -> list[WindowResult]:
    """All readings in order."""
    return [reading for day in days for _, reading in day.windows]


def posts(days: Iterable[DayResult]) -> list[Post]:
    """All posts in order."""
    return [post for reading in readings(days) for post in reading.posts]


def ids(days: Iterable[DayResult]) -> list[str]:
    """The native ids of all posts, sorted."""
    return sorted(post.native_id for post in posts(days))


def gap_free(day: DayResult) -> bool:
    """Tell whether a day's windows hold each of its seconds once, in order."""
    windows = [window for window, _ in day.windows]
    edges = [Window.of_day(day.day).start, *(window.end for window in windows)]
    return [w.start for w in windows] == edges[:-1] and edges[-1] == Window.of_day(day.day).end


def asked(script: Script) -> list[dict[str, str]]:
    """The parameters of all requests."""
    return [dict(request.url.params) for request in script.seen]


# --- items in the shapes of the APIs -------------------------------------------------------------


def issue(number: int, at: int = START, **more: Any) -> dict[str, Any]:
    """An issue as GitHub's search gives it."""
    repository = "https://api.github.com/repos/octo/one"
    return {
        "url": f"{repository}/issues/{number}",
        "repository_url": repository,
        "html_url": f"https://github.com/octo/one/issues/{number}",
        "id": 4_100_000_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": f"It breaks, part {number}",
        "user": {"login": "octo-ann", "id": 17, "html_url": "https://github.com/octo-ann"},
        "labels": [{"id": 5, "name": "bug", "color": "ffffff"}],
        "state": "open",
        "locked": False,
        "assignee": None,
        "comments": 3,
        "created_at": iso(at),
        "updated_at": iso(at + 60),
        "closed_at": None,
        "author_association": "NONE",
        "body": "It **breaks**.",
        "reactions": {"total_count": 7, "+1": 7},
        "state_reason": None,
        "score": 1.0,
        **more,
    }


def question(number: int, at: int = START, **more: Any) -> dict[str, Any]:
    """A question as StackExchange gives it with its body."""
    return {
        "tags": ["python", "dbt"],
        "owner": {
            "user_id": 501,
            "user_type": "registered",
            "display_name": "Ann Loom",
            "link": "https://stackoverflow.com/users/501/ann-loom",
        },
        "is_answered": True,
        "view_count": 88,
        "answer_count": 2,
        "score": -1,
        "last_activity_date": at + 60,
        "creation_date": at,
        "question_id": number,
        "content_license": "CC BY-SA 4.0",
        "link": f"https://stackoverflow.com/questions/{number}/why",
        "title": f"Why {number}?",
        "body": "<p>Why?</p>",
        **more,
    }


def submission(name: str, at: float = START, **more: Any) -> dict[str, Any]:
    """A post as a listing of Reddit gives it."""
    data = {
        "id": name,
        "name": f"t3_{name}",
        "subreddit": "devops",
        "subreddit_id": "t5_1",
        "title": f"Who owns {name}?",
        "selftext": "Nobody.",
        "author": "ann_loom",
        "author_fullname": "t2_ann",
        "created_utc": float(at),
        "edited": False,
        "score": 12,
        "num_comments": 4,
        "permalink": f"/r/devops/comments/{name}/who_owns/",
        "url": f"https://www.reddit.com/r/devops/comments/{name}/who_owns/",
        "domain": "self.devops",
        "is_self": True,
        "over_18": False,
        "stickied": False,
        "locked": False,
        "upvote_ratio": 0.9,
        "link_flair_text": None,
        **more,
    }
    return {"kind": "t3", "data": data}


def story(number: int, at: int = START, **more: Any) -> dict[str, Any]:
    """A hit as Algolia gives it."""
    return {
        "objectID": str(number),
        "created_at": iso(at),
        "created_at_i": at,
        "updated_at": iso(at + 60),
        "title": f"Show HN: Loom {number}",
        "url": f"https://loom.example/{number}",
        "author": "annloom",
        "points": 9,
        "story_text": None,
        "num_comments": 5,
        "story_id": number,
        "_tags": ["story", "author_annloom", f"story_{number}", "show_hn"],
        "_highlightResult": {"author": {"value": "annloom"}},
        **more,
    }


def utc(day: date, hour: int, minute: int = 0, second: int = 0) -> int:
    """Seconds since the epoch."""
    return int(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).timestamp())
