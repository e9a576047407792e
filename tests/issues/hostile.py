"""Posts as nobody should send them, and a replay server that sends them all the same.

The replay finds an honest post by its day and its query; on the wire a hostile one takes its place.
"""

import copy
import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.sample.replay import ReplayServer
from assay.sample.server.wire import Api, Request, Response
from tests.issues import items
from tests.support import SAMPLE

DAY = "2026-11-09"
NOON = 1_794_225_600
KEYS = {
    "github": ("title", "body", "comments", "created_at", "id", "html_url", "state"),
    "stackoverflow": ("title", "body", "score", "creation_date", "question_id", "link", "tags"),
    "reddit": ("title", "selftext", "score", "created_utc", "id", "permalink", "domain"),
    "hackernews": ("title", "story_text", "points", "created_at_i", "objectID", None, "updated_at"),
}
NAMES = ("title", "body", "number", "time", "id", "address", "kept")  # what KEYS are, in order
BOMB = 30_000  # brackets, tags, stars in a row


@dataclass(frozen=True)
class Case:
    """fate: `kept`, or why the post must be dropped. changes: None when `instead` is sent."""

    name: str
    changes: dict[str, Any] | None
    fate: str = "kept"
    instead: Any = None


def cases(source: str) -> Iterator[Case]:
    """Yield what is sent as posts of one source; `changes` by the names of NAMES."""
    yield Case("1 MB", {"body": "long " * 200_000})
    yield Case("17 MB", {"body": "x" * 17_000_000}, "too large")
    if source == "github":
        yield Case("15.9 MB", {"body": "x" * 15_900_000})
        yield Case("8 MB of quotes, 16 MB as JSON", {"body": '"' * 8_100_000}, "too large")
    yield Case("NUL", {"title": "a\0b", "body": "c\0\0d"})
    yield Case("half a surrogate pair", {"title": "a\ud800b", "body": "c\udfffd"})
    yield Case("right to left", {"title": "\u202eeltit\u202c \u200f", "body": "\u2066\u202e"})
    yield Case("SQL", {"title": "'); drop table bronze.raw_items; --", "body": "' or 1=1; --"})
    yield Case("Jinja", {"title": "{{ 1 / 0 }}", "body": "{% for x in range(9**9) %}{% endraw %}"})
    for mark in ("<div>", "<b><i>", "[", "![", "*", "`", "&lt;", "> ", "<!--", "\n- ", "[a](", "|"):
        yield Case(f"{mark!r} in a row", {"title": f"row of {mark}", "body": mark * BOMB})
    yield Case("nested HTML", {"body": "<blockquote>" * 1000 + "deep" + "</blockquote>" * 1000})
    yield Case("nested Markdown", {"body": f"{'>' * 1000} deep\n\nshallow"})
    yield Case("empty body", {"body": ""})
    yield Case("body is no text", {"body": {"a": [1]}})
    yield Case("huge number", {"number": 10**400})
    yield Case("number is no number", {"number": "many"})
    yield Case("huge number that is kept", {"kept": 10**30})
    yield Case("deep thing that is kept", {"kept": nested(300)})
    yield Case("unknown keys", {"unknown": nested(200), "": "\0", "a\0b": 10**400, "key": "\ud800"})
    for title in (None, 7, "", " \0\n", [], {"a": 1}):
        gone = source == "hackernews" and title is None  # that is how Algolia says it
        yield Case(f"title {title!r}", {"title": title}, "deleted" if gone else "no title")
    for time in (None, "", "yesterday", -1, 10**30, [NOON], "9999-99-99T00:00:00Z"):
        if source != "reddit":  # Reddit is asked for no time: see the test of its own
            yield Case(f"time {time!r}", {"time": time}, "no time")
    for item in (None, 7, "text", [], [[]], True):
        yield Case(f"item {item!r}", None, "not an object", item)
    empty = {"reddit": "no post", "hackernews": "no id"}.get(source, "no address")
    yield Case("item {}", None, empty, {})
    for address in (None, 7, "", "javascript:alert(1)", "http://", [], "x" * 9000):
        if source in ("github", "stackoverflow"):
            is_text = isinstance(address, str) and address
            why = "no web address" if is_text else "no address"
            yield Case(f"address {address!r}"[:40], {"address": address}, why)
    if source == "hackernews":
        for link in ("javascript:alert(1)", "http://[", 7, "//x", "data:,x", "http://a\0b/"):
            yield Case(f"link {link!r}", {"url": link})


def nested(depth: int) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value]
    return value


def folder(into: Path) -> dict[str, dict[str, Case]]:
    """Write the honest posts; return the case that each stands for, by source and native id."""
    found: dict[str, dict[str, Case]] = {}
    for source in items.FILES:
        template = next(i for i in items.lines(SAMPLE, source) if honest(source, i))
        numbered = {identity(source, 1000 + n): case for n, case in enumerate(cases(source))}
        found[source] = numbered
        items.write(into, **{source: [plain(source, template, number) for number in numbered]})
    return found


def honest(source: str, item: Any) -> bool:
    return items.READERS[source](item) is not None


def identity(source: str, number: int) -> str:
    return f"h{number}" if source == "reddit" else str(number)


def plain(source: str, template: Any, number: str) -> Any:
    """Return an honest post of noon with this id."""
    item = copy.deepcopy(template)
    if source == "github":
        page = f"https://github.com/brick-kiln/kiln/issues/{number}"
        home = "https://api.github.com/repos/brick-kiln/kiln"
        item |= {"id": int(number), "html_url": page, "repository_url": home, "number": int(number)}
        item["created_at"] = f"{DAY}T12:00:00Z"
    elif source == "stackoverflow":
        page = f"https://stackoverflow.com/questions/{number}/slug"
        item |= {"question_id": int(number), "link": page, "creation_date": NOON}
    elif source == "reddit":
        page = f"/r/devops/comments/{number}/slug/"
        item["data"] |= {"id": number, "name": f"t3_{number}", "permalink": page}
        item["data"] |= {"subreddit": "devops", "created_utc": float(NOON)}
    else:
        item |= {"objectID": number, "created_at_i": NOON}
    return item


class HostileServer(ReplayServer):
    """A replay that sends the hostile post in place of the honest one with the same id."""

    def __init__(self, into: Path) -> None:
        self.cases = folder(into)
        super().__init__(into, quota=0)
        for api in self.apis:
            self._disguise(api)

    def _disguise(self, api: Api) -> None:
        source = next(name for name, file in items.FILES.items() if file in api.needs)
        honest_answer: Callable[[Request], Response] = api.answer

        def answer(request: Request) -> Response:
            response = honest_answer(request)
            packed = response.headers.get("Content-Encoding") == "gzip"
            body = json.loads(gzip.decompress(response.body) if packed else response.body)
            for found in lists(body):
                found[:] = [disguised(source, item, self.cases[source]) for item in found]
            text = json.dumps(body).encode()
            return replace(response, body=gzip.compress(text, 1) if packed else text)

        api.answer = answer


def lists(body: Any) -> Iterator[list[Any]]:
    """Yield the lists of items in an answer."""
    holders = (body, body.get("data") if isinstance(body.get("data"), dict) else {})
    for holder, key in itertools.product(holders, ("items", "hits", "children")):
        if isinstance(holder.get(key), list):
            yield holder[key]


def disguised(source: str, item: Any, numbered: dict[str, Case]) -> Any:
    keys = dict(zip(NAMES, KEYS[source], strict=True))
    inner = item["data"] if source == "reddit" else item
    case = numbered[str(inner[keys["id"]])]
    if case.changes is None:
        return case.instead
    inner |= {keys.get(name) or name: value for name, value in case.changes.items()}
    if source == "github" and case.name == "huge number":
        inner["reactions"]["total_count"] = 10**400
    return item
