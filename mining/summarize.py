"""A cluster in three of its sentences: LexRank, the scores that sumy gives, computed on arrays.

Erkan and Radev 2004, "LexRank: Graph-based Lexical Centrality as Salience in Text Summarization",
JAIR 22: sentences are alike when the cosine of their TF-IDF vectors is above a threshold, and a
sentence is central when it is like many central ones. sumy's LexRankSummarizer is the reference;
tests/mining/test_summarize.py holds this to the sentences that it picks. How that compares with
sumy in speed, and with human summaries, is in docs/decisions/summaries.md.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from assay.mining.text.sentences import split

Vector = NDArray[np.float64]

# Both are sumy's. The loose stop is part of the result: a few steps, not the eigenvector.
THRESHOLD = 0.1  # cosine above which two sentences are neighbours
EPSILON = 0.1  # the power method stops when its vector moves by no more, in the L2 norm

MAX_DOCUMENTS = 10
MAX_SENTENCES = 30  # of one document: the matter comes first, and scoring takes n by n numbers
# A sentence that stands for many is neither a remark nor a log, nor a text without an end.
MIN_WORDS, MAX_WORDS = 4, 40
MAX_CHARACTERS = 400
MIN_LETTERS = 0.6  # of the characters that are no blanks; code and tables have fewer

_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_END = tuple(".!?…:;。\uff01\uff1f\"'\u201d\u2019)]}*`")

_STOP_WORDS = """
a about above after again against all also am an and any are aren't as at be because been
before being below between both but by can can't cannot could couldn't did didn't do does
doesn't doing don't down during each few for from further get gets getting go goes going got
had hadn't has hasn't have haven't having he he's her here hers herself him himself his how i
i'd i'll i'm i've if in into is isn't it it's its itself just let let's like may me might more
most much must my myself no nor not now of off on once one only or other our ours ourselves out
over own same shall she she's should shouldn't so some such than that that's the their theirs
them themselves then there there's these they they'd they'll they're they've this those through
to too under until up us very was wasn't we we'd we'll we're we've were weren't what what's
when where which while who whom why will with won't would wouldn't you you'd you'll you're
you've your yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""What says nothing about a sentence's matter; sumy takes such a set and has none by default."""


def to_words(sentence: str) -> list[str]:
    """Return the words in lower case and in order; numbers and s3 are words, signs are not."""
    return _WORD.findall(sentence.lower().replace("\u2019", "'"))


def lexrank(sentences: Sequence[str], count: int) -> list[int]:
    """Return the places of the `count` most central sentences, ascending.

    Fewer when there are fewer sentences. Of equally central ones the earlier is taken, and those
    without a telling word last. Takes 8 bytes for each pair of sentences, twice. Raises ValueError
    for a negative count.
    """
    if count < 0:
        raise ValueError(f"count is {count}, but cannot be negative")
    if count >= len(sentences):
        return list(range(len(sentences)))
    scores = _centrality(_neighbours([_telling_words(sentence) for sentence in sentences]))
    # Equal sentences have equal scores but for rounding; sumy gives each the score of the last.
    last = {sentence.strip(): place for place, sentence in enumerate(sentences)}
    shared = scores[[last[sentence.strip()] for sentence in sentences]]
    return sorted(np.argsort(-shared, kind="stable")[:count].tolist())


def summarize(documents: Iterable[tuple[str, str | None]], count: int = 3) -> str:
    """Return up to `count` sentences of a cluster, in the order of its documents.

    documents: (title, text) of the members, the nearest to the centre first; of MAX_DOCUMENTS of
    them MAX_SENTENCES each are weighed, a title being the first sentence of its document. Sentences
    too short, too long, mostly signs, or with the words of an earlier one are left out, and titles
    too, but where nothing else is left of a document. "" when there is nothing at all. Raises
    ValueError for a negative count.
    """
    seen: set[tuple[str, ...]] = set()
    candidates: list[str] = []
    for title, text in islice(documents, MAX_DOCUMENTS):
        for sentence in _sentences(" ".join((title or "").split()), text or ""):
            words = tuple(to_words(sentence))
            if words and words not in seen:
                seen.add(words)
                candidates.append(sentence if sentence.endswith(_END) else sentence + ".")
    return " ".join(candidates[place] for place in lexrank(candidates, count))


def _sentences(title: str, text: str) -> list[str]:
    usable = list(islice(filter(_is_usable, chain([title], split(text))), MAX_SENTENCES))
    return usable or [title[:MAX_CHARACTERS]]


def _is_usable(sentence: str) -> bool:
    if len(sentence) > MAX_CHARACTERS or sentence.endswith(":"):
        return False
    words = sentence.split()
    if not MIN_WORDS <= len(words) <= MAX_WORDS:
        return False
    letters = sum(map(str.isalpha, sentence))
    return letters >= MIN_LETTERS * sum(map(len, words))


def _telling_words(sentence: str) -> list[str]:
    return [word for word in to_words(sentence) if word not in STOP_WORDS]


def _neighbours(bags: list[list[str]]) -> NDArray[np.bool_]:
    """Return (n, n): which of n sentences, as words, are alike. One with words is like itself.

    As in sumy, a word's weight in a sentence is tf / (largest tf there) * ln(n / (1 + sentences
    with the word)), which may be negative, and is 0 for a word in all sentences but one.
    """
    size, vocabulary = len(bags), dict.fromkeys(chain.from_iterable(bags))
    number = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
    terms = np.fromiter((number[word] for bag in bags for word in bag), np.int64)
    rows = np.repeat(np.arange(size), [len(bag) for bag in bags])
    width = max(1, len(number))
    pairs, counts = np.unique(rows * width + terms, return_counts=True)
    rows, terms = np.divmod(pairs, width)
    present = np.bincount(terms, minlength=width)
    largest = np.ones(size, np.int64)
    np.maximum.at(largest, rows, counts)
    weights = counts / largest[rows] * np.log(size / (1 + present))[terms]
    norms = np.sqrt(np.bincount(rows, weights**2, minlength=size))
    norms[norms == 0] = 1.0
    starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=size))))
    vectors = csr_array((weights / norms[rows], terms, starts), shape=(size, width))
    # Sparse: few words are shared, and BLAS would wake all its threads for a product so small.
    return (vectors @ vectors.T).toarray() > THRESHOLD


def _centrality(alike: NDArray[np.bool_]) -> Vector:
    """Return (n,): the scores after sumy's power method, operation by operation, for equal ties."""
    degrees = np.maximum(alike.sum(axis=1), 1)
    transposed = (alike / degrees[:, None]).T
    scores = np.full(len(alike), 1.0 / len(alike))
    if not alike.any():
        return scores
    moved = np.inf
    while moved > EPSILON:
        following = np.dot(transposed, scores)
        following /= np.linalg.norm(following)
        moved = np.linalg.norm(following - scores)
        scores = following
    return scores
