"""Turns the posts under posts/ into recorded items of the sources of posts.

    python -m sample.make.posts

A file of posts/ holds one theme: a few lines about it, then posts. Each is a head
(`--- {source: ..., at: ..., ...}`), a title (`# ...`) and a body in Markdown, where a site
knows no Markdown in plain text. Ids follow from the moment of the post, names and moments of change
from its moment and title: a new post changes no other item. posts_themes.csv says which theme each
item has.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assay.common.post_sources import POST_SOURCES
from assay.sample.apis import replayed
from assay.sample.make.post_seeds import read
from assay.sample.seeds.post import Post

HERE = Path(__file__).parent.parent
FILES = {name: f"items/{source.recording.file}" for name, source in POST_SOURCES.items()}
COLUMNS = ("source", "native_id", "url", "theme", "category", "duplicate_of")

Item = dict[str, Any]
Pairs = list[tuple[Post, Item]]


def themes(pairs: Pairs) -> str:
    """The theme of each item as CSV. Raises ValueError when two posts of a source share an id."""
    keys: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for post, item in pairs:
        native, url = replayed(post.source).identity(item)
        if (post.source, native) in seen or (post.source, url) in seen:
            raise ValueError(f"move this one by some minutes, its id is taken: {post.title}")
        seen |= {(post.source, native), (post.source, url)}
        if "key" in post.head:
            keys[post.head["key"]] = native
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for post, item in pairs:
        original = keys[post.head["same_as"]] if "same_as" in post.head else ""
        row = (
            post.source,
            *replayed(post.source).identity(item),
            post.theme,
            post.category,
            original,
        )
        writer.writerow(row)
    return text.getvalue()


def lines(items: Iterable[Item]) -> str:
    """One JSON object a line."""
    compact = (json.dumps(i, ensure_ascii=False, separators=(",", ":")) for i in items)
    return "".join(f"{text}\n" for text in compact)


def make() -> dict[str, str]:
    """Every file's name, relative to this folder, and text."""
    pairs: Pairs = [(post, replayed(post.source).item_of(post)) for post in read()]
    files = {
        name: lines(item for post, item in pairs if post.source == source)
        for source, name in FILES.items()
    }
    return files | {"posts_themes.csv": themes(pairs)}


def main() -> None:
    """Writes the items and posts_themes.csv."""
    argparse.ArgumentParser(prog="python -m sample.make.posts", description=__doc__).parse_args()
    for name, text in make().items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
