"""Reads the posts under posts/, the seeds of the recorded items."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from assay.sample.apis import replayed
from assay.sample.seeds.post import Post

POSTS = Path(__file__).parent.parent / "posts"
HEAD = re.compile(r"^--- (\{.*\})$", re.MULTILINE)
REQUIRED = {"source", "at", "score", "comments"}


def parse(path: Path) -> list[Post]:
    """The posts of one file.

    Raises ValueError for a post without title, without a needed field or with an unknown one.
    """
    intro, *parts = HEAD.split(path.read_text(encoding="utf-8"))
    about = yaml.safe_load(intro)
    posts = []
    for line, text in zip(parts[::2], parts[1::2], strict=True):
        title, _, body = text.strip().partition("\n")
        head = yaml.safe_load(line)
        known = REQUIRED | replayed(head["source"]).SEED_KEYS | {"key", "same_as"}
        if not title.startswith("# ") or REQUIRED - set(head) or set(head) - known:
            raise ValueError(f"{path.name}: head or title is wrong at {line} {title}")
        theme, category = about["theme"], about["category"] or ""
        posts.append(Post(theme, category, head, title[2:].strip(), body.strip("\n ")))
    return posts


def read() -> list[Post]:
    """All posts, oldest first."""
    posts = [post for path in sorted(POSTS.glob("*.md")) for post in parse(path)]
    return sorted(posts, key=lambda post: (post.epoch, post.source, post.title))
