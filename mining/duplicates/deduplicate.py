"""Near-duplicates: which posts are copies of an earlier post.

Three kinds of evidence fold a post into an earlier one, each proved on the pair itself:

* text: both have one, and their word shingles overlap (Jaccard, or containment for a copy cut
  short) while the titles speak of the same thing;
* link: both point at the same page, and the titles share words;
* title: a distinctive title, word by word the same, and no text on the later post.

Titles whose numbers contradict each other (versions, dates, "part 2") are never folded, and a post
with a text of its own is never folded into a post without one: nothing would be left of it to mine.

MinHash with banding (Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
chapter 3) only proposes pairs; the exact overlap decides. Groups are made by leader clustering in
the order of time: a post is compared with first posts only, so that likeness cannot drift along a
chain. The figures behind the thresholds are in docs/decisions/near-duplicates.md.
"""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from datasketch import MinHash
from numpy.typing import NDArray

from assay.mining.duplicates.titles import Title, read_title, words_of

log = logging.getLogger(__name__)

Hashes = NDArray[np.uint64]

DEDUPLICATION_VERSION = "1"  # raise it when the rules change: stored posts are then compared again
SHINGLE_WORDS = 2
BANDS, ROWS = 20, 3  # a pair of Jaccard 0.5 is proposed with probability 0.93, of 0.6 with 0.99
SEED = 20261109
MIN_TEXT_WORDS = 12  # a shorter text proves nothing
MIN_SHINGLES = 10  # what must be left of a text without template phrases
BUCKET = 8  # first posts that a bucket offers: bounds the work where everything is alike
MAX_CANDIDATES = 16
TEMPLATE_TITLES, TEMPLATE_SHARE = 3, 0.002  # a phrase under more distinct titles is a template's


@dataclass(frozen=True)
class Thresholds:
    """When a pair is the same post; every number is a share between 0 and 1.

    jaccard: shingles in common of all, when the titles agree. jaccard_alone: the same, whatever the
    titles say. containment: shingles of the smaller post found in the larger. title: words of the
    smaller title found in the other. title_contained: the same, beside containment. link_title: the
    same, for posts that point at one page.
    """

    jaccard: float = 0.6
    jaccard_alone: float = 0.9
    containment: float = 0.8
    title: float = 0.6
    title_contained: float = 0.75
    link_title: float = 0.5


_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class _Post:
    title: Title
    page: str  # the address it points at, else its own
    text_words: int
    whole: bytes | None  # digest of all that it says, if that is enough to know it by
    shingles: Hashes  # sorted, unique
    buckets: list[tuple[str, object]]  # where candidates meet


class _WordHashes(dict[str, int]):
    """A 64-bit hash per word, the same in every process."""

    def __missing__(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self[word] = value = int.from_bytes(digest, "little")
        return value


def deduplicate(posts: pa.Table, thresholds: Thresholds | None = None) -> pa.Table:
    """Say of each post which earlier post it is a copy of.

    posts: key (string, unique), posted_at (timestamp), title, text (string, cleaned), link_key
    (string or null: what a link post points at, hashed as the keys are; a link to another post of
    the table makes a copy of it). Null titles and texts count as empty, posts without a time as
    later than all others.

    Returns key, duplicate_of (string or null) and similarity (float32 or null) with the same rows
    in the same order. duplicate_of names the first post of the group by (posted_at, key), which has
    none itself; similarity is the share of common shingles (of title words, where the link or the
    title decided) and 1 for the same words. The order of the input's rows changes nothing.

    Raises ValueError when a key is null or occurs twice.
    """
    started = time.monotonic()
    keys = posts["key"].cast(pa.string()).to_pylist()
    if None in keys or len(set(keys)) < len(keys):
        raise ValueError("deduplicate: every post needs a key of its own")
    in_time = [("posted_at", "ascending"), ("key", "ascending")]
    rows = pc.sort_indices(posts, sort_keys=in_time).to_pylist()
    duplicate_of: dict[int, str] = {}
    similarity: dict[int, float] = {}
    verdicts = _lead(_described(posts, rows), thresholds or Thresholds())
    for row, verdict in zip(rows, verdicts, strict=True):
        if verdict is not None:
            duplicate_of[row], similarity[row] = keys[rows[verdict[0]]], verdict[1]
    seconds = time.monotonic() - started
    log.info("%d of %d posts are copies (%.1f s)", len(duplicate_of), len(keys), seconds)
    every = range(len(keys))
    return pa.table(
        {
            "key": pa.array(keys, pa.string()),
            "duplicate_of": pa.array(map(duplicate_of.get, every), pa.string()),
            "similarity": pa.array(map(similarity.get, every), pa.float32()),
        }
    )


def _described(posts: pa.Table, rows: Sequence[int]) -> list[_Post]:
    """Read the posts in this order, and note the buckets in which copies of them would meet."""
    word_hashes = _WordHashes()
    names = ("key", "title", "text", "link_key")
    keys, titles, texts, links = (posts[name].to_pylist() for name in names)
    described = [
        _post(titles[row] or "", texts[row] or "", links[row] or keys[row], word_hashes)
        for row in rows
    ]
    _drop_template_phrases(described)
    bands = _bands([post.shingles for post in described])
    for post, row in zip(described, bands, strict=True):
        post.buckets += [("band", value) for value in row]
    return described


def _post(title: str, text: str, page: str, word_hashes: _WordHashes) -> _Post:
    said = read_title(title)
    words = words_of(text)
    numbers = np.array([word_hashes[word] for word in (*said.words, *words)], dtype=np.uint64)
    post = _Post(said, page, len(words), None, np.empty(0, np.uint64), [("page", page)])
    if len(words) >= MIN_TEXT_WORDS:
        post.shingles = _shingles(numbers)
        post.buckets.append(("head", numbers[len(said.words) :][:8].tobytes()))
    if said.distinctive or len(words) >= MIN_TEXT_WORDS:
        told = numbers.tobytes() + " ".join(sorted(said.numbers)).encode("utf-8", "surrogatepass")
        post.whole = hashlib.blake2b(told, digest_size=16).digest()
        post.buckets.append(("title", said.words))
    return post


def _shingles(words: Hashes) -> Hashes:
    mixed = words[: len(words) - SHINGLE_WORDS + 1].copy()
    for offset in range(1, SHINGLE_WORDS):
        mixed *= _MIX
        mixed ^= mixed >> np.uint64(29)
        mixed += words[offset : len(words) - SHINGLE_WORDS + 1 + offset]
    return np.unique(mixed * _MIX)


def _drop_template_phrases(described: list[_Post]) -> None:
    """Leave out shingles that stand under many distinct titles: an issue form, a signature.

    Counted in 2^22 cells by hash, so memory does not grow with the posts.
    """
    titles = set()
    counts = np.zeros(1 << 22, np.uint32)
    for post in described:
        if post.title.words not in titles and len(post.shingles):
            titles.add(post.title.words)
            counts[np.unique(post.shingles >> np.uint64(42))] += 1
    limit = max(TEMPLATE_TITLES, TEMPLATE_SHARE * len(titles))
    for post in described:
        kept = post.shingles[counts[post.shingles >> np.uint64(42)] <= limit]
        post.shingles = kept if len(kept) >= MIN_SHINGLES else kept[:0]


def _bands(sets: list[Hashes]) -> list[list[int]]:
    """Return for each set the MinHash bands that it shares with another one."""
    shared: list[list[int]] = [[] for _ in sets]
    filled = [row for row, hashes in enumerate(sets) if len(hashes)]
    if not filled:
        return shared
    signatures = MinHash.generator(
        (sets[row].tolist() for row in filled),
        num_perm=BANDS * ROWS,
        seed=SEED,
        hashfunc=int,
        scheme="affine64",
    )
    minima = np.array([signature.hashvalues for signature in signatures])
    for band in range(BANDS):
        value = np.full(len(filled), band, np.uint64)
        for column in minima[:, band * ROWS : (band + 1) * ROWS].T:
            value = (value ^ column) * _MIX
            value ^= value >> np.uint64(32)
        _, inverse, counts = np.unique(value, return_inverse=True, return_counts=True)
        for place in np.flatnonzero(counts[inverse] > 1):
            shared[filled[place]].append(int(value[place]))
    return shared


def _lead(posts: list[_Post], limits: Thresholds) -> list[tuple[int, float] | None]:
    """Compare each post, in the order of time, with the first posts that share a bucket with it."""
    buckets: dict[tuple[str, object], list[int]] = {}
    known: dict[bytes, tuple[int, float]] = {}  # where a post of these very words went
    verdicts: list[tuple[int, float] | None] = []
    for place, post in enumerate(posts):
        best = known.get(post.whole) if post.whole else None
        if best is None:
            best = _best(place, posts, buckets, limits)
            if post.whole:
                known[post.whole] = best or (place, 1.0)
        verdicts.append(best)
        if best is None:
            for bucket in post.buckets:
                members = buckets.setdefault(bucket, [])
                if len(members) < BUCKET:
                    members.append(place)
    return verdicts


def _best(
    place: int, posts: list[_Post], buckets: dict[tuple[str, object], list[int]], limits: Thresholds
) -> tuple[int, float] | None:
    post = posts[place]
    met = Counter(chain.from_iterable(buckets.get(bucket, ()) for bucket in post.buckets))
    likely = sorted(met, key=lambda other: (-met[other], other))[:MAX_CANDIDATES]
    alike = ((other, _similarity(posts[other], post, limits)) for other in likely)
    proved = [(other, share) for other, share in alike if share is not None]
    return min(proved, key=lambda found: (-found[1], found[0]), default=None)


def _similarity(first: _Post, later: _Post, limits: Thresholds) -> float | None:
    """Return how alike the posts are if they are the same, else None."""
    if first.title.contradicts(later.title):
        return None
    title = first.title.overlap(later.title)
    if first.text_words >= MIN_TEXT_WORDS and later.text_words >= MIN_TEXT_WORDS:
        return _text_similarity(first.shingles, later.shingles, title, limits)
    if later.text_words >= MIN_TEXT_WORDS:
        return None
    if first.page == later.page and title >= limits.link_title:
        return title
    is_the_title = first.title == later.title and later.title.distinctive
    return 1.0 if is_the_title and not later.text_words else None


def _text_similarity(one: Hashes, two: Hashes, title: float, limits: Thresholds) -> float | None:
    if not (len(one) and len(two)):
        return None
    common = len(one) + len(two) - len(np.union1d(one, two))
    jaccard = common / (len(one) + len(two) - common)
    containment = common / min(len(one), len(two))
    if jaccard >= limits.jaccard_alone or (jaccard >= limits.jaccard and title >= limits.title):
        return jaccard
    if containment >= limits.containment and title >= limits.title_contained:
        return containment
    return None
