"""What a folder of recorded items holds, so that a replay is asked for that and no more.

Live, a person chooses repositories, subreddits and days; of a recording all of them are wanted.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

FILES = {
    "github": "github_issues.jsonl",
    "stackoverflow": "stackoverflow_questions.jsonl",
    "reddit": "reddit_posts.jsonl",
    "hackernews": "hackernews_items.jsonl",
}
ENTITIES = {
    "datasets": "hf_datasets.jsonl",
    "articles": "arxiv.jsonl",
    "base_models": "hf_models.jsonl",
    "keywords": "hf_tags_by_type.json",
    "licenses": "hf_tags_by_type.json",
}
YEAR_10000 = 253_402_300_800  # seconds since the epoch; no date of Python's is later


def environment(folder: Path, server: str) -> dict[str, str]:
    """Return the settings that make the pipelines of enrichment and issues ask a replay server at
    `server` (http://host:port) for all that the folder holds, without limits, since nobody is
    spared."""
    entities = [name for name, file in ENTITIES.items() if (folder / file).is_file()]
    present = [name for name, file in FILES.items() if (folder / file).is_file()]
    settings = {
        "ARXIV_ENDPOINT": server,
        "HF_ENRICHMENT__ENTITIES": json.dumps(entities),
        "ISSUES__SOURCES": json.dumps(present),
        "ISSUES__GITHUB__ENDPOINT": f"{server}/github",
        "ISSUES__STACKOVERFLOW__ENDPOINT": f"{server}/stackexchange",
        "ISSUES__REDDIT__ENDPOINT": f"{server}/reddit/oauth",
        "ISSUES__REDDIT__TOKEN_ENDPOINT": f"{server}/reddit/www",
        "ISSUES__HACKERNEWS__ENDPOINT": f"{server}/hackernews",
        "ISSUES__GITHUB__REPOSITORIES": json.dumps(
            _all(folder, "github", lambda item: "/".join(item["repository_url"].split("/")[-2:]))
        ),
        "ISSUES__REDDIT__SUBREDDITS": json.dumps(
            _all(folder, "reddit", lambda item: item["data"]["subreddit"])
        ),
        "ISSUES__STACKOVERFLOW__SITES": '["stackoverflow"]',
        "ISSUES__STACKOVERFLOW__TAGS": "[]",
        "ISSUES__GITHUB__QUERIES": "[]",
        "ISSUES__HACKERNEWS__QUERIES": '["story"]',
        # Nobody's secrets go to a replay.
        "GITHUB_TOKEN": "",
        "STACKEXCHANGE_KEY": "",
        "REDDIT_CLIENT_ID": "replay",
        "REDDIT_CLIENT_SECRET": "replay",
    }
    return settings | {f"ISSUES__{name.upper()}__REQUESTS_PER_MINUTE": "0" for name in FILES}


def span(folder: Path) -> tuple[date, date] | None:
    """Return the first and the last day (UTC) of the posts in the folder, None without posts."""
    moments = [at for name in FILES for at in _created(folder, name) if 0 <= at < YEAR_10000]
    if not moments:
        return None
    return tuple(datetime.fromtimestamp(at, UTC).date() for at in (min(moments), max(moments)))


def _created(folder: Path, source: str) -> Iterator[float]:
    for item in _items(folder, source):
        try:
            if source == "github":
                yield datetime.fromisoformat(item["created_at"]).timestamp()
            elif source == "reddit":
                yield float(item["data"]["created_utc"])
            else:
                yield float(item["creation_date" if source == "stackoverflow" else "created_at_i"])
        except (KeyError, TypeError, ValueError):
            continue


def _all(folder: Path, source: str, name: Callable[[Any], str]) -> list[str]:
    found = set()
    for item in _items(folder, source):
        try:
            found.add(name(item))
        except (AttributeError, KeyError, TypeError):
            continue
    return sorted(found, key=str.lower)


def _items(folder: Path, source: str) -> Iterator[Any]:
    path = folder / FILES[source]
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue
