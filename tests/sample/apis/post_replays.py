"""What the tests of the four replayed APIs of posts share: folders, and who asks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from assay.sample.replay import ReplayServer
from tests.support import RECORDED, SAMPLE

FILES = {
    "github": "github_issues.jsonl",
    "stackexchange": "stackoverflow_questions.jsonl",
    "reddit": "reddit_posts.jsonl",
    "hackernews": "hackernews_items.jsonl",
}
DAY = 1_794_182_400  # 2026-11-09T00:00:00Z
AGENT = {"User-Agent": "assay-tests/1.0"}
# one for all: making a client reads the certificates
CLIENT = httpx.Client(headers=AGENT, limits=httpx.Limits(max_keepalive_connections=0))


def folders(api: str) -> list[Path]:
    """The folders which are there and have items of an API."""
    return [folder for folder in (SAMPLE, RECORDED) if (folder / FILES[api]).is_file()]


def folder_name(folder: Path | None) -> str:
    """What a test over a folder is called."""
    return folder.name if folder else "made"


def lines(folder: Path, api: str) -> list[Any]:
    """What is recorded."""
    return [json.loads(line) for line in (folder / FILES[api]).open(encoding="utf-8")]


def serving(folder: Path, api: str, items: Iterable[Any] = (), **options: Any) -> ReplayServer:
    """A replay of these items, whose limits are off unless `quota` is given."""
    folder.mkdir(exist_ok=True)
    texts = (item if isinstance(item, str) else json.dumps(item) for item in items)
    (folder / FILES[api]).write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return ReplayServer(folder, **{"quota": 0, **options})


def get(server: ReplayServer, path: str, **options: Any) -> httpx.Response:
    """One request."""
    return CLIENT.get(server.url + path, **options)


def recorded_errors(url_part: str, status: int) -> list[Any]:
    """The bodies of recorded and reported errors of an API, where that folder is."""
    found = []
    for name in ("http_errors_and_limits.jsonl", "http_errors_reported.jsonl"):
        path = RECORDED / name
        for line in path.open(encoding="utf-8") if path.is_file() else ():
            record = json.loads(line)
            answer = record.get("response", record)
            where = record["request"]["url"] if "request" in record else record["api"]
            if url_part in where and answer["status"] == status:
                found.append(answer["body"])
    return found
