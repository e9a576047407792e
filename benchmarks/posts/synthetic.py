"""Made-up posts in any number: the sample's, repeated with words exchanged, as a covered day."""

import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from assay.common.post_sources import POST_SOURCES
from assay.extract.posts import github, hackernews, reddit, stackexchange
from assay.extract.posts.post import DayResult, Post, WindowResult
from assay.extract.posts.windows import Window

READERS = {
    "github": github.post,
    "stackoverflow": stackexchange.post,
    "reddit": reddit.post,
    "hackernews": hackernews.post,
}
DAY = date(2026, 11, 9)


def sample_posts(folder: Path) -> list[tuple[str, Post]]:
    """Return (source, post) of every usable item of a folder, in a stable order."""
    found = []
    for source, known in POST_SOURCES.items():
        for line in (folder / known.recording.file).read_text(encoding="utf-8").splitlines():
            post = READERS[source](json.loads(line))
            if isinstance(post, Post):
                found.append((source, post))
    return found


def days(folder: Path, posts: int, *, per_day: int = 2_000, seed: int = 0) -> Iterator[DayResult]:
    """Yield days of `per_day` posts each, `posts` in all; every post is one of its own."""
    originals, chance = sample_posts(folder), random.Random(seed)
    words = [word for _, post in originals for word in post.title.split()]
    window = Window.of_day(DAY)
    batches: dict[str, list[Post]] = {}
    for number in range(posts):
        source, post = originals[number % len(originals)]
        batch = batches.setdefault(source, [])
        batch.append(_variant(post, number, chance, words))
        if len(batch) == per_day:
            given = WindowResult(batches.pop(source))
            yield DayResult(source, f"bench {number}", DAY, [(window, given)])
    for source, batch in batches.items():
        yield DayResult(source, "bench", DAY, [(window, WindowResult(batch))])


def _variant(post: Post, number: int, chance: random.Random, words: list[str]) -> Post:
    """Exchange a third of the words of title and body for others, and give it its own address."""
    return Post(
        native_id=str(number),
        url=f"https://example.org/posts/{number}",
        title=_mixed(post.title, chance, words),
        body=_mixed(post.body, chance, words) if post.body else post.body,
        created_at=Window.of_day(DAY).start + number % 86_400,
        score=post.score,
        comment_count=post.comment_count,
        author=post.author,
        link=f"{post.link}?n={number}" if post.link else None,
        raw=post.raw,
    )


def _mixed(text: str, chance: random.Random, words: list[str]) -> str:
    lines = []
    for line in text.split("\n"):
        changed = (chance.choice(words) if chance.random() < 0.33 else w for w in line.split(" "))
        lines.append(" ".join(changed))
    return "\n".join(lines)
