"""Posts with a known answer: copies made by edits, and pairs that only look alike."""

import html
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from assay.extract.posts.urls import canonical_or_none, url_hash


@dataclass(frozen=True)
class Post:
    """A post and the group of copies that it belongs to."""

    url: str
    at: int
    title: str
    text: str
    link: str | None
    group: str


SOURCES = ("github_issues", "stackoverflow_questions", "reddit_posts", "hackernews_items")
Edit = Callable[[random.Random, Post], Post | None]


def read_posts(folder: Path) -> list[Post]:
    """Return the posts of a folder of API items, markup crudely stripped, one per address."""
    found: dict[str, Post] = {}
    for source in SOURCES:
        with (folder / f"{source}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                post = _read(source, json.loads(line))
                found.setdefault(url_hash(post.url), post)
    return list(found.values())


def _read(source: str, item: dict) -> Post:
    item = item.get("data", item)
    if source == "github_issues":
        url, body, link, at = item["html_url"], item["body"], None, item["created_at"]
        at = int(np.datetime64(at.rstrip("Z"), "s").astype(int))
    elif source == "stackoverflow_questions":
        url, body, link, at = item["link"], item["body"], None, item["creation_date"]
    elif source == "reddit_posts":
        url = f"https://www.reddit.com{item['permalink']}"
        body, at = item.get("selftext"), int(item["created_utc"])
        link = None if item.get("is_self") else item.get("url")
    else:
        url = f"https://news.ycombinator.com/item?id={item['objectID']}"
        body, link, at = item.get("story_text"), item.get("url"), item["created_at_i"]
    text = "" if body in ("[removed]", "[deleted]") else _stripped(body or "")
    title = html.unescape(item.get("title") or "")
    return Post(url, at, title, text, canonical_or_none(link), url)


def _stripped(body: str) -> str:
    body = re.sub(r"<!--.*?-->", " ", body, flags=re.DOTALL)
    body = html.unescape(re.sub(r"<[^>]+>", " ", body))
    return " ".join(re.sub(r"https?://\S+", " ", body).split())


def as_table(posts: list[Post]) -> pa.Table:
    """Return the posts as deduplicate() wants them."""
    return pa.table(
        {
            "key": [url_hash(post.url) for post in posts],
            "posted_at": pa.array([post.at for post in posts], pa.timestamp("s", "UTC")),
            "title": [post.title for post in posts],
            "text": [post.text for post in posts],
            "link_key": pa.array(
                [post.link and url_hash(post.link) for post in posts], pa.string()
            ),
        }
    )


# --- edits that leave a post the same ---------------------------------------------------------


def _sentences(post: Post) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", post.text)


def title_marked(rng: random.Random, post: Post) -> Post:
    """A tag, other case, other punctuation."""
    shapes = ("[Help] {}", "Re: {}", "{}?", "{}!!", "{} [solved]")
    title = rng.choice(shapes).format(post.title.rstrip(".?!"))
    return replace(post, title=rng.choice((str, str.lower, str.upper))(title))


def title_word(rng: random.Random, post: Post) -> Post | None:
    """One word of the title replaced."""
    words = post.title.split()
    if len(words) < 4:
        return None
    words[rng.randrange(len(words))] = rng.choice(("really", "again", "currently", "apparently"))
    return replace(post, title=" ".join(words))


def crossposted(rng: random.Random, post: Post) -> Post:
    """A note where else it was asked."""
    where = rng.choice(("r/python", "r/webdev", "Stack Overflow", "HN"))
    return replace(
        post,
        title=f"{post.title} (x-post from {where})",
        text=f"Also asked on {where}. {post.text}",
    )


def solved(_: random.Random, post: Post) -> Post:
    """A tail that tells the end."""
    return replace(post, text=f"{post.text} Edit: solved, it was the proxy. Thanks everybody!")


def sentence_dropped(rng: random.Random, post: Post) -> Post | None:
    """One or two sentences left out, of at least five."""
    sentences = _sentences(post)
    if len(sentences) < 5:
        return None
    for _ in range(rng.randint(1, 2)):
        sentences.pop(rng.randrange(len(sentences)))
    return replace(post, text=" ".join(sentences))


def sentence_added(rng: random.Random, post: Post) -> Post:
    """A sentence more."""
    sentences = _sentences(post)
    more = "I have tried this on two machines with the same result, so it is not the hardware."
    sentences.insert(rng.randint(0, len(sentences)), more)
    return replace(post, text=" ".join(sentences))


def reordered(rng: random.Random, post: Post) -> Post:
    """The sentences in another order."""
    sentences = _sentences(post)
    return replace(post, text=" ".join(rng.sample(sentences, len(sentences))))


def typos(rng: random.Random, post: Post) -> Post:
    """2% of the characters replaced."""
    typed = "".join(rng.choice("aeinorst") if rng.random() < 0.02 else c for c in post.text)
    return replace(post, text=typed)


def truncated(_: random.Random, post: Post) -> Post:
    """The first 300 characters, as an aggregator shows."""
    return replace(post, text=post.text[:300])


def everything(rng: random.Random, post: Post) -> Post | None:
    """Several of these at once."""
    shorter, worded = sentence_dropped(rng, post), title_word(rng, post)
    return worded and shorter and solved(rng, replace(shorter, title=worded.title))


def relinked(rng: random.Random, post: Post) -> Post | None:
    """The same link under another title: words left out, others in another order."""
    words = post.title.split()
    if not post.link or len(words) < 4:
        return None
    kept = rng.sample(words, max(3, len(words) * 2 // 3))
    return replace(post, title=" ".join(kept))


MILD: tuple[Edit, ...] = (
    title_marked,
    title_word,
    crossposted,
    solved,
    sentence_dropped,
    sentence_added,
    relinked,
)
STRONG: tuple[Edit, ...] = (reordered, typos, truncated, everything)


# --- pairs that only look alike: each takes two different posts ------------------------------

FORM = (
    "Describe the bug {0} Steps to reproduce Install the latest version, start the program with the"
    " default configuration and follow the steps below {1} Expected behavior It should work as it"
    " is written in the documentation Environment info I have searched the existing issues and"
    " found none that is like mine. I have read the contributing guidelines and the code of conduct"
)
BUMP = (
    "This PR contains the following updates: {0} to the latest version. Release notes of {0} see"
    " the changelog. Configuration: schedule at any time, automerge disabled by config, rebasing"
    " whenever the request is in conflict, ignore close this request and you will not be reminded"
    " of {0} again. If you want to rebase this request check the box. {1}"
)
ERROR = (
    "Traceback most recent call last File main.py line 3 in module import {0} ModuleNotFoundError:"
    " No module named {0}. I have installed it with pip."
)


def _halves(post: Post) -> tuple[str, str]:
    sentences = _sentences(post)
    return sentences[0], " ".join(sentences[1:3])


def same_form(_: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """Two issues on one form that asks for a lot."""
    return replace(one, text=FORM.format(*_halves(one))), replace(
        two, text=FORM.format(*_halves(two))
    )


def rare_form(rng: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """Two issues on a form that nobody else uses, so that counting cannot know it for one."""
    words = FORM.replace("{0}", "").replace("{1}", "").split()
    form = " ".join(rng.sample(words, len(words)))
    pair = [replace(post, text=f"{form} {' '.join(_halves(post))}") for post in (one, two)]
    return pair[0], pair[1]


def sister_form(rng: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """The same, and the titles differ by a word or two only."""
    first, second = rare_form(rng, one, two)
    words = one.title.split()
    words[-(len(words) // 4 or 1) :] = two.title.split()[: len(words) // 4 or 1]
    return first, replace(second, title=" ".join(words))


def bumps(rng: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """Two requests of one bot for two libraries."""
    names = [
        f"{max(post.title.split(), key=len)}-{number}" for number, post in enumerate((one, two))
    ]
    pair = [
        replace(post, title=f"Update dependency {name}", text=BUMP.format(name, rng.random()))
        for name, post in zip(names, (one, two), strict=True)
    ]
    return pair[0], pair[1]


def same_title(_: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """Two bodies under one title."""
    return one, replace(two, title=one.title)


def versions(rng: random.Random, one: Post, _: Post) -> tuple[Post, Post]:
    """Two releases with one text."""
    major = rng.randint(1, 9)
    pair = [replace(one, title=f"{one.title} {major}.{minor}", link=None) for minor in (2, 3)]
    return pair[0], pair[1]


def title_only(rng: random.Random, one: Post, _: Post) -> tuple[Post, Post]:
    """Titles without text that differ by a telling word, a negation or the order."""
    words = one.title.split()
    other = list(words)
    place = rng.randrange(len(words))
    other[place : place + rng.randint(0, 1)] = [
        rng.choice(("not", "Windows", "Postgres", "without"))
    ]
    return replace(one, text="", link=None), replace(one, text="", link=None, title=" ".join(other))


def same_error(rng: random.Random, one: Post, two: Post) -> tuple[Post, Post]:
    """One error message of two libraries, and a sentence or two of one's own."""
    libraries = rng.sample(("torch", "yaml", "cv2", "requests", "sklearn", "bs4"), 2)
    pair = [
        replace(
            post,
            title=f"ModuleNotFoundError: No module named '{name}' after installing it",
            text=f"{ERROR.format(name)} {' '.join(_halves(post))}",
            link=None,
        )
        for post, name in zip((one, two), libraries, strict=True)
    ]
    return pair[0], pair[1]


LOOKALIKES = (
    same_form,
    rare_form,
    sister_form,
    bumps,
    same_title,
    versions,
    title_only,
    same_error,
)


def worlds(posts: list[Post], rng: random.Random) -> Iterator[tuple[str, list[Post], list[Post]]]:
    """Yield each kind's name, the untouched posts, and the posts to be judged."""
    texts = [post for post in posts if len(post.text.split()) >= 20]
    links = [post for post in posts if post.link and not post.text]
    for edit in (*MILD, *STRONG):
        made = []
        pool = links if edit is relinked else texts
        for post in rng.sample(pool, min(250, len(pool))):
            copy = edit(rng, post)
            if copy is not None:
                made.append(
                    replace(copy, url=f"https://copy.example/{len(made)}", at=post.at + 3600)
                )
        yield edit.__name__, posts, made
    for lookalike in LOOKALIKES:
        made = []
        chosen = rng.sample(texts, min(250, len(texts)))
        for number, (one, two) in enumerate(pairwise(chosen)):
            for side, post in enumerate(lookalike(rng, one, two)):
                name = f"https://pair.example/{number}/{side}"
                made.append(replace(post, url=name, group=name, at=post.at + side))
        # Every second pair: neighbours share a post.
        yield lookalike.__name__, [], [p for i, p in enumerate(made) if i % 4 < 2]
