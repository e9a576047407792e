"""What cleaning posts costs: hostile texts at two lengths, and the sample's posts beside peers.

    python -m benchmarks.posts.cleaning [--characters 1000000]

All times are CPU time. A peer is run where it is installed: BeautifulSoup with the markdown
package, which is what a first attempt would use, and lxml with markdown-it-py.
"""

import argparse
import importlib
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import orjson

from assay.mining.text import clean as cleaning
from assay.mining.text.clean import clean
from benchmarks.measure import ROOT

Post = tuple[str, str, str]

_BODIES = {
    "github": ("github_issues.jsonl", "body"),
    "stackoverflow": ("stackoverflow_questions.jsonl", "body"),
    "reddit": ("reddit_posts.jsonl", "selftext"),
    "hackernews": ("hackernews_items.jsonl", "story_text"),
}

_REPEATED = {
    "one word": "a",
    "spaces": " ",
    "line ends": "\n",
    "nested quotes": ">",
    "open links": "[",
    "open images": "![",
    "links": "[a](",
    "emphasis": "*a ",
    "underscores": "_a__",
    "nested lists": "- ",
    "numbered lists": "1. ",
    "table cells": "|a",
    "setext": "a\n=\n",
    "definitions": "[a]: b\n",
    "fences": "```a\n",
    "ampersands": "&",
    "entities": "&nGt;",
    "number entities": "&#9",
    "backslashes": "\\",
    "divs": "<div>",
    "divs and p": "<div></p>",
    "formatting": "<b><p>",
    "links in links": "<i><a>",
    "fonts": "<font></p>",
    "pre": "<pre>",
    "quotes": "<blockquote>",
    "quotes closed": "<blockquote></blockquote>",
    "script": "<script>",
    "title": "<title>",
    "struck html": "<s>",
    "struck blocks": "<s><p>",
    "comments": "<!--",
    "CDATA": "<![CDATA[",
    "PI": "<?",
    "open tags": "<a ",
    "open ends": "</",
    "edits": "edit:\n",
    "edit paragraphs": "edit:\n\n",
    "signatures": "-- \n",
    "thanks": "thanks ",
    "thank lines": "thanks\n\n",
    "regards": "regards,\nAnn\n\n",
    "URLs": "http://",
    "www": "www.",
    "no host": "www.!",
    "ticks": "`a ",
    "frames": "at a.b(c:1)\n",
    "near frames": "at a.b(",
    "Python frames": 'File "a", line 1\n',
    "log lines": "12:00:00 \n",
    "headings": "# a\n",
    "bold": "**a**\n\n",
    "backticks": "`",
    "marks on a letter": "\u0301\u0316",
    "marks": "a\u0301",
    "zero width": "\u200b",
    "NUL": "\0",
    "half characters": "\ud800",
    "boxes": "- [ ] a\n",
    "struck": "~~a~",
    "tables": "<table><td>",
    "inputs": "<input type=checkbox>",
}


def _growing(pattern: str) -> Callable[[int], str]:
    """Make text from a pattern with a number in it, 1, 2, 3 and so on."""

    def make(length: int) -> str:
        parts, total = [], 0
        for number in count(1):
            parts.append(pattern.format(number))
            total += len(parts[-1])
            if total >= length:
                return "".join(parts)[:length]
        raise AssertionError

    return make


def _backticks(length: int) -> str:
    return " ".join("`" * size for size in range(1, int((2 * length) ** 0.5)))[:length]


def _steps(length: int) -> str:
    return "".join(f"{'  ' * depth}- a\n" for depth in range(int(length**0.5)))[:length]


CASES: dict[str, Callable[[int], str]] = {
    name: lambda length, unit=unit: (unit * (length // len(unit) + 1))[:length]
    for name, unit in _REPEATED.items()
} | {
    "growing backticks": _backticks,
    "deeper lists": _steps,
    "attributes": _growing("<a x{}>"),
    "one tag": lambda length: "<a " + _growing("x{} ")(length) + ">",
    "open, then closed": lambda length: "<b>" * (length // 8) + "</i>" * (length // 8),
    "divs, then p": lambda length: "<div>" * (length // 10) + "</p>" * (length // 10),
    "struck, then closed": lambda length: "<s>" * (length // 8) + "</s>" * (length // 8),
    "reference uses": lambda length: "[a]: b\n" * (length // 14) + "[a] " * (length // 8),
    "table of many columns": lambda length: f"{'|a' * (length // 4)}\n{'|-' * (length // 4)}\n",
    "table of short rows": lambda length: (
        f"{'|a' * int(length**0.5)}\n{'|-' * int(length**0.5)}\n" + "|a\n" * (length // 3)
    )[:length],
    "unclosed fence": lambda length: "```\n" + "a\n" * (length // 2),
}


def best_seconds(source: str, body: str, repeats: int = 3) -> float:
    """Return the least CPU time of cleaning the whole body, without the cap on its length."""
    times = []
    for _ in range(repeats):
        started = time.process_time()
        clean(source, None, body)
        times.append(time.process_time() - started)
    return min(times)


def sample_posts(folder: Path) -> list[Post]:
    """Return (source, title, body) of each post in a folder of recorded items."""
    posts = []
    for source, (name, field) in _BODIES.items():
        for line in (folder / name).read_bytes().splitlines():
            item = orjson.loads(line)
            item = item.get("data", item)
            posts.append((source, item.get("title") or "", item.get(field) or ""))
    return posts


def _hostile(length: int) -> None:
    cleaning.MAX_BODY = 2 * length  # what is below the cap must be linear; so look further than it
    print(f"{'case':<24}{'source':<15}{'ms/100 KB':>10}{f'ms/{length / 1e6:g} MB':>10}{'ratio':>8}")
    worst = (0.0, "")
    for name, make in CASES.items():
        for source in ("github", "stackoverflow"):
            short, long = make(100_000), make(length)
            few, many = best_seconds(source, short), best_seconds(source, long, 1)
            ratio = (many / len(long)) / (few / len(short))
            print(f"{name:<24}{source:<15}{few * 1e3:>10.1f}{many * 1e3:>10.1f}{ratio:>8.2f}")
            worst = max(worst, (many, f"{name} ({source})"))
    print(f"\nslowest: {worst[1]}, {worst[0]:.2f} s")
    print("ratio: time per character of the long text over that of the short one")


def _peers() -> Iterator[tuple[str, Callable[[str, str], str]]]:
    """Yield each peer that is installed, as a function of source and body."""
    try:
        soup = importlib.import_module("bs4").BeautifulSoup
        markdown = importlib.import_module("markdown").markdown
        yield (
            "BeautifulSoup + markdown",
            lambda source, body: soup(
                markdown(body) if source in ("github", "reddit") else body, "html.parser"
            ).get_text("\n"),
        )
    except ImportError:
        print("(BeautifulSoup or markdown is not installed)")
    try:
        lxml = importlib.import_module("lxml.html")
        markdown_it = importlib.import_module("markdown_it").MarkdownIt("gfm-like", {"linkify": 0})
        yield (
            "lxml + markdown-it-py",
            lambda source, body: lxml.fromstring(
                "<div>"
                + (markdown_it.render(body) if source in ("github", "reddit") else body)
                + "</div>"
            ).text_content(),
        )
    except ImportError:
        print("(lxml or markdown-it-py is not installed)")


def _speed(posts: list[Post]) -> None:
    characters = sum(len(body) for _, _, body in posts)
    print(
        f"\n{len(posts):,} posts of the sample, {characters / 1e6:.2f} MB (peers only drop tags):"
    )
    contestants = [("assay", lambda source, body: clean(source, None, body).text), *_peers()]
    for name, get_text in contestants:
        times = []
        for _ in range(5):
            started = time.process_time()
            for source, _, body in posts:
                get_text(source, body)
            times.append(time.process_time() - started)
        print(f"{name:<28}{len(posts) / min(times):>10,.0f} posts/s")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=1_000_000, help="of the long texts")
    _speed(sample_posts(ROOT / "sample" / "items"))
    print()
    _hostile(parser.parse_args().characters)


if __name__ == "__main__":
    main()
