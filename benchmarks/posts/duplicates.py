"""Which posts are folded as copies, rightly and wrongly: ours beside simpler methods.

    python -m benchmarks.posts.duplicates [--recorded FOLDER] [--speed]

The thresholds were chosen on the posts of the table "tune"; those of the others were not looked at
before. A verdict is right if it names a post of the same group; precision is the share of right
ones among all, look-alike pairs included, and recall the share of the copies that were found.
"""

import argparse
import csv
import random
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
from datasketch import MinHash, MinHashLSH
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

from assay.extract.posts.urls import url_hash
from assay.mining.duplicates.deduplicate import Thresholds, deduplicate
from benchmarks.measure import ROOT
from benchmarks.posts.copies import LOOKALIKES, MILD, STRONG, Post, as_table, read_posts, worlds

SEED = 20261109
Verdicts = list[int | None]
Method = Callable[[list[Post]], Verdicts]
Counts = dict[str, list[tuple[int, int, int]]]  # by kind, of each post: copy, found, wrong


def ours(thresholds: Thresholds) -> Method:
    """Return deduplicate() with these thresholds."""

    def judge(posts: list[Post]) -> Verdicts:
        table = as_table(posts)
        place = {key: number for number, key in enumerate(table["key"].to_pylist())}
        named = deduplicate(table, thresholds)["duplicate_of"].to_pylist()
        return [None if key is None else place[key] for key in named]

    return judge


def _first_of(keys: list[object], posts: list[Post]) -> Verdicts:
    first: dict[object, int] = {}
    verdicts: Verdicts = [None] * len(posts)
    for place in sorted(range(len(posts)), key=lambda place: (posts[place].at, posts[place].url)):
        leader = first.setdefault(keys[place], place)
        verdicts[place] = None if leader == place else leader
    return verdicts


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def exact(posts: list[Post]) -> Verdicts:
    """The same words in title and text."""
    return _first_of([(_letters(post.title), _letters(post.text)) for post in posts], posts)


def title_only(posts: list[Post]) -> Verdicts:
    """The same words in the title."""
    return _first_of([_letters(post.title) for post in posts], posts)


def unverified(posts: list[Post]) -> Verdicts:
    """What an LSH index says of word pairs, without a second look."""
    index = MinHashLSH(threshold=0.5, num_perm=64)
    verdicts: Verdicts = [None] * len(posts)
    for place in sorted(range(len(posts)), key=lambda place: (posts[place].at, posts[place].url)):
        words = _letters(f"{posts[place].title} {posts[place].text}").split()
        sketch = MinHash(num_perm=64, seed=SEED)
        sketch.update_batch([f"{one} {two}".encode() for one, two in pairwise(words)])
        met = index.query(sketch) if len(words) > 1 else []
        verdicts[place] = min(met) if met else None
        if not met and len(words) > 1:
            index.insert(place, sketch)
    return verdicts


def cosine(posts: list[Post], least: float = 0.7) -> Verdicts:
    """TF-IDF of words and word pairs, cosine with an earlier post of at least `least`."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+")  # noqa: S106
    try:
        matrix = vectors.fit_transform([f"{post.title} {post.text}" for post in posts])
    except ValueError:  # no word at all
        return [None] * len(posts)
    alike = (matrix @ matrix.T).tolil()
    return _first_alike(list(zip(alike.rows, alike.data, strict=True)), posts, least)


def simhash(posts: list[Post], most: int = 6) -> Verdicts:
    """64-bit SimHash of words and word pairs, at most `most` bits apart (all pairs compared)."""
    hashing = HashingVectorizer(n_features=1 << 18, ngram_range=(1, 2), norm=None)
    matrix = hashing.transform([f"{post.title} {post.text}" for post in posts])
    planes = np.random.default_rng(SEED).choice([-1.0, 1.0], (1 << 18, 64))
    signs = np.sign(matrix @ planes)
    near = (64 - signs @ signs.T) / 2
    rows = [(np.flatnonzero(row <= most), -row[row <= most]) for row in near]
    return _first_alike(rows, posts, -most)


def _first_alike(rows: list, posts: list[Post], least: float) -> Verdicts:
    moment = [(post.at, post.url) for post in posts]
    return [
        min(
            (
                o
                for o, alike in zip(*row, strict=True)
                if alike >= least and moment[o] < moment[place]
            ),
            key=lambda o: moment[o],
            default=None,
        )
        for place, row in enumerate(rows)
    ]


def judged(method: Method, posts: list[Post]) -> Counts:
    """Return for each kind what became of its posts."""
    counts: Counts = {}
    for kind, untouched, made in worlds(posts, random.Random(SEED)):
        world = [*untouched, *made]
        verdicts = method(world)
        counts[kind] = []
        for post, verdict in zip(world[len(untouched) :], verdicts[len(untouched) :], strict=True):
            same = verdict is not None and world[verdict].group == post.group
            is_copy = post.group != post.url
            counts[kind].append((is_copy, is_copy and same, verdict is not None and not same))
    return counts


def folded_alone(method: Method, posts: list[Post]) -> tuple[int, int]:
    """Return of how many look-alike pairs, each alone in the world, one is folded, and how many.

    Alone, a form that both use cannot be known by how often it occurs.
    """
    made = [made for _, untouched, made in worlds(posts, random.Random(SEED)) if not untouched]
    pairs = [few[place : place + 2] for few in made for place in range(0, len(few) - 1, 2)]
    return sum(any(v is not None for v in method(pair)) for pair in pairs), len(pairs)


def _interval(rows: list[tuple[int, int, int]], measure: Callable) -> str:
    """Return a measure in percent with its 95% interval over 1,000 bootstrap samples of posts."""
    data, generator = np.array(rows), np.random.default_rng(SEED)
    drawn = [measure(data[generator.integers(0, len(data), len(data))].sum(0)) for _ in range(1000)]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{100 * measure(data.sum(0)):5.1f} ({100 * low:.1f}-{100 * high:.1f})"


def _precision(sums: np.ndarray) -> float:
    return sums[1] / max(1, sums[1] + sums[2])


def _recall(sums: np.ndarray) -> float:
    return sums[1] / max(1, sums[0])


def compare(name: str, posts: list[Post]) -> None:
    """Print one line per method."""
    methods: dict[str, Method] = {
        f"ours, jaccard {least:.1f}": ours(replace(Thresholds(), jaccard=least))
        for least in (0.3, 0.4, 0.5, 0.6, 0.7)
    }
    methods |= {"exact": exact, "title only": title_only, "MinHash, not verified": unverified}
    methods |= {"TF-IDF cosine 0.7": cosine, "SimHash, 6 bits": simhash}
    print(f"\n{name}: {len(posts):,} posts\n{'':24}{'precision':>20}{'recall, mild':>20}", end="")
    print(f"{'recall, strong':>20}{'look-alikes folded':>20}{'alone':>14}{'seconds':>9}")
    for label, method in methods.items():
        started = time.process_time()
        counts = judged(method, posts)
        seconds = time.process_time() - started
        groups = [
            [row for edit in edits for row in counts[edit.__name__]]
            for edits in (MILD, STRONG, LOOKALIKES)
        ]
        cells = [
            _interval(list(chain(*groups)), _precision),
            _interval(groups[0], _recall),
            _interval(groups[1], _recall),
            f"{sum(r[2] for r in groups[2])} of {len(groups[2])}",
        ]
        alone = "{} of {}".format(*folded_alone(method, posts))
        print(f"{label:24}{''.join(f'{cell:>20}' for cell in cells)}{alone:>14}{seconds:9.1f}")


def by_kind(name: str, posts: list[Post]) -> None:
    """Print what deduplicate() does with each kind."""
    print(f"\n{name}, ours by kind{'':12}{'posts':>6}{'recall':>20}{'wrongly folded':>16}")
    for kind, rows in judged(ours(Thresholds()), posts).items():
        recall = _interval(rows, _recall) if any(row[0] for row in rows) else ""
        print(f"{kind:32}{len(rows):6}{recall:>20}{sum(row[2] for row in rows):16}")


def sample_truth(posts: list[Post]) -> list[Post]:
    """Print what deduplicate() finds of the sample's copies; return the posts that are none."""
    with (ROOT / "sample/posts_themes.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    native = {url_hash(row["url"]): row["native_id"] for row in truth}
    ids = [native[url_hash(post.url)] for post in posts]
    named = ours(Thresholds())(posts)
    pairs = {(ids[at], ids[first]) for at, first in enumerate(named) if first is not None}
    known = {(row["native_id"], row["duplicate_of"]) for row in truth if row["duplicate_of"]}
    right = len(known & pairs)
    print(f"the sample's truth: {len(known)} copies; {len(pairs)} folded, {right} of them rightly")
    copies = {copy for copy, _ in known}
    return [post for post, name in zip(posts, ids, strict=True) if name not in copies]


def speed(posts: list[Post]) -> None:
    """Print seconds for many posts: real ones repeated, a word in twenty replaced in each."""
    texts = [post for post in posts if len(post.text.split()) >= 20]
    rng, before = random.Random(SEED), 0.0
    for size in (10_000, 30_000, 100_000):
        made = []
        for number in range(size):
            post = texts[number % len(texts)]
            words = post.text.split()
            for _ in range(len(words) // 20):
                words[rng.randrange(len(words))] = f"w{rng.randrange(10**6)}"
            url = f"https://speed.example/{number}"
            made.append(replace(post, url=url, text=" ".join(words)))
        table = as_table(made)
        started = time.process_time()
        copies = size - deduplicate(table)["duplicate_of"].null_count
        seconds = time.process_time() - started
        growth = f", {seconds / before:.1f} times the time before" if before else ""
        print(f"{size:,} posts: {seconds:.1f} s, {copies:,} copies{growth}", flush=True)
        before = seconds


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--recorded", type=Path, help="a folder of real API items beside the sample's"
    )
    parser.add_argument("--speed", action="store_true", help="measure the time for many posts")
    options = parser.parse_args()
    sample = read_posts(ROOT / "sample/items")
    halves = defaultdict(list)
    for post in sample_truth(sample):
        halves[zlib.crc32(post.url.encode()) % 2].append(post)
    tables = {"tune": halves[0], "report": halves[1]}
    recorded = read_posts(options.recorded) if options.recorded else []
    if recorded:
        tables["recorded"] = random.Random(SEED).sample(recorded, min(2000, len(recorded)))
    for name, posts in tables.items():
        compare(name, posts)
        by_kind(name, posts)
    if options.speed:
        speed(recorded or sample)


if __name__ == "__main__":
    main()
