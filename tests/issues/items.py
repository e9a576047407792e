"""Recorded posts as a test sees them: read by other code than the project's own."""

import hashlib
import hmac
import html
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tests.support import SALT

FILES = {
    "github": "github_issues.jsonl",
    "stackoverflow": "stackoverflow_questions.jsonl",
    "reddit": "reddit_posts.jsonl",
    "hackernews": "hackernews_items.jsonl",
}


@dataclass(frozen=True)
class Expected:
    """What bronze must say of one item; `author`: the name itself, which it must not say."""

    source: str
    query: str
    native_id: str
    page: str
    url: str
    title: str
    body: str | None
    created_at: int
    score: int | None
    comment_count: int | None
    author: str | None
    link: str | None

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.created_at, UTC).date()

    @property
    def url_hash(self) -> str:
        return hashlib.sha256(self.page.encode()).hexdigest()

    @property
    def author_hash(self) -> str | None:
        if self.author is None:
            return None
        name = f"{self.source}:{self.author}".encode()
        return hmac.new(SALT.encode(), name, "sha256").hexdigest()[:32]

    @property
    def row(self) -> tuple:
        """The columns that must be so, word for word."""
        return (
            self.source,
            self.query,
            self.native_id,
            self.url_hash,
            self.url,
            self.title,
            self.body,
            self.created_at,
            self.score,
            self.comment_count,
            self.author_hash,
        )


ROW = (
    "source, query, native_id, url_hash, url, title, body, epoch(created_at)::bigint, score, "
    "comment_count, author_hash"
)


def lines(folder: Path, source: str) -> list[Any]:
    """Return the items of one source as recorded."""
    text = (folder / FILES[source]).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def write(folder: Path, **sources: Iterable[Any]) -> Path:
    """Write a folder for the replay server with these items; a source not named has none."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, items in sources.items():
        text = "".join(f"{json.dumps(item)}\n" for item in items)
        (folder / FILES[source]).write_text(text, encoding="utf-8")
    return folder


def days(first: int, last: int) -> tuple[str, ...]:
    """Return the options for two days of November 2026, in which all recorded posts are."""
    return ("--start", f"2026-11-{first:02d}", "--end", f"2026-11-{last:02d}")


def expected(folder: Path) -> dict[str, list[Expected]]:
    """Return every post of a folder by source, in the order of the file, without what is none."""
    found: dict[str, list[Expected]] = defaultdict(list)
    for source, read in READERS.items():
        for item in lines(folder, source):
            post = read(item)
            if post is not None:
                found[source].append(post)
    return found


def latest(posts: list[Expected]) -> dict[str, Expected]:
    """Return the post that stays of each page: of one that was recorded twice the later."""
    ordered = sorted(posts, key=lambda post: post.created_at)
    return {post.url_hash: post for post in ordered}


def _github(item: Any) -> Expected | None:
    if item.get("pull_request"):
        return None
    owner, name = item["repository_url"].split("/")[-2:]
    return Expected(
        "github",
        f"repo:{owner}/{name}",
        str(item["id"]),
        f"https://github.com/{owner}/{name}/issues/{item['number']}".lower(),
        item["html_url"],
        item["title"],
        item["body"],
        int(datetime.fromisoformat(item["created_at"]).timestamp()),
        item["reactions"]["total_count"],
        item["comments"],
        item["user"]["login"] if item["user"] else None,
        None,
    )


def _stackoverflow(item: Any) -> Expected:
    number, owner = item["question_id"], item["owner"]
    return Expected(
        "stackoverflow",
        "stackoverflow",
        str(number),
        f"https://stackoverflow.com/questions/{number}",
        item["link"],
        html.unescape(item["title"]),
        item["body"],
        item["creation_date"],
        item["score"],
        item["answer_count"],
        str(owner.get("user_id") or owner["display_name"]),
        None,
    )


def _reddit(item: Any) -> Expected | None:
    data = item["data"]
    gone = ("[deleted]", "[removed]", "[deleted by user]")
    if item["kind"] != "t3" or data.get("removed_by_category"):
        return None
    if data.get("selftext") in gone or data["title"] in gone:
        return None
    kind, where, _, number = data["permalink"].strip("/").split("/")[:4]
    passed_on = (data.get("crosspost_parent_list") or [{}])[0]
    said = [data.get("selftext") or passed_on.get("selftext")]
    said.append(
        "\n".join(f"- {one['text']}" for one in (data.get("poll_data") or {}).get("options", []))
    )
    said += [one.get("caption") for one in (data.get("gallery_data") or {}).get("items", [])]
    return Expected(
        "reddit",
        data["subreddit"],
        data["id"],
        f"https://www.reddit.com/{kind}/{where.lower()}/comments/{number}",
        f"https://www.reddit.com{data['permalink']}",
        data["title"],
        "\n\n".join(one for one in said if one and one not in gone) or None,
        int(data["created_utc"]),
        data["score"],
        data["num_comments"],
        data["author"] if data["author"] not in (None, *gone) else None,
        None if data.get("is_self") else data["url"],
    )


def _hackernews(item: Any) -> Expected | None:
    if item.get("title") is None:
        return None
    page = f"https://news.ycombinator.com/item?id={item['objectID']}"
    return Expected(
        "hackernews",
        "story",
        item["objectID"],
        page,
        page,
        item["title"],
        item.get("story_text"),
        item["created_at_i"],
        item["points"],
        item["num_comments"],
        item["author"],
        item.get("url"),
    )


READERS = {
    "github": _github,
    "stackoverflow": _stackoverflow,
    "reddit": _reddit,
    "hackernews": _hackernews,
}
