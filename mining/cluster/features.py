"""What clustering looks at: embeddings and words side by side, smoothed along neighbours.

Embeddings know that "webhook fired twice" and "charged two times" are alike; words know that `SKU`
and `FHIR` are not. Words are TF-IDF reduced by SVD (latent semantic analysis, Deerwester et al.
1990). Smoothing on the graph of nearest neighbours then replaces each vector by a mean of what lies
around it, which takes the chance wording of single posts out (the low-pass filter of graph
convolution, Wu et al. 2019). docs/decisions/clusters.md has what each step is worth.

The same texts and embeddings give the same features on every processor. Sums differ there in their
last bits, since each kernel of a BLAS adds in its own order; so sums are made in float64 and the
features rounded to multiples of GRID, which leaves nothing of such differences. GRID is coarse
enough that float32 adds products of rows without rounding, in whatever order.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.preprocessing import normalize

from assay.mining.cluster.blocks import MAX_BLOCK, column_blocks, matmul, row_blocks, row_by_row
from assay.mining.cluster.partition import partition

Floats = NDArray[np.float32]

# Products of two rows of length 1 are multiples of GRID**2 up to 1: below 2**24 of them, as many as
# float32 can count.
GRID = 2.0**-11
WORD_SHARE = 0.3  # squared length of the words' part beside 1 of the embedding's
# Words in a text; fewer have less to say as words, and their share shrinks with them.
WORDS_FOR_SHARE = 40
CERTAIN, UNCERTAIN = 0.85, 0.75
NEIGHBOURS, MIN_NEIGHBOURS = 10, 3  # of few points half the square root: groups are small too
SMOOTHING_STEPS = 3
# A source of few posts keeps most of its offset; and turns until it settles.
SOURCE_PRIOR, SOURCE_TURNS = 10, 10
MAX_EXACT = 20_000  # points whose neighbours are found by comparing all with all
CELL, PROBES = 256, 8  # beyond: points in a cell, and cells that are searched for a point
MAX_FIT = 20_000  # texts that vocabulary and SVD are learnt from
MAX_CHARACTERS = 2_000  # of a text that count; embeddings read about as far

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_TOKEN = re.compile(r"[a-z][a-z0-9]+")
_ENDINGS = ("ingly", "edly", "ings", "ing", "ies", "ied", "ed", "es", "s", "ly")


def unit(vectors: NDArray[np.floating]) -> Floats:
    """Return the rows (n, d) with length 1; rows of length 0 stay 0."""
    return row_by_row(_unit, vectors)


def center(vectors: NDArray[np.floating]) -> Floats:
    """Return the rows less their mean, with length 1, as multiples of GRID."""
    mean = vectors.mean(0, dtype=np.float64)
    return row_by_row(lambda rows: on_grid(_unit(rows - mean)), vectors)


def words(text: str) -> list[str]:
    """Return the stems of a text's words, identifiers taken apart, without stop words."""
    text = _CAMEL.sub(" ", text[:MAX_CHARACTERS]).replace("_", " ").lower()
    return [_stem(word) for word in _TOKEN.findall(text) if word not in ENGLISH_STOP_WORDS]


def features(
    vectors: Floats, texts: Sequence[str], places: Sequence[str] | None = None, seed: int = 0
) -> Floats:
    """Return (n, d + words) rows of length 1 for embeddings (n, d) and the texts they are of.

    places: where each was posted, in words (repository, tags, subreddit, or ""); they count double.
    """
    return concat_features(vectors, word_vectors(texts, places, seed))


def word_vectors(
    texts: Sequence[str],
    places: Sequence[str] | None = None,
    seed: int = 0,
    certainty: float = CERTAIN,
) -> NDArray[np.float64] | None:
    """Return TF-IDF reduced by SVD, (n, words), each as long as its words count; None without.

    certainty: how far k-means of the embeddings alone finds the same again, 0 to 1. Words of short
    texts count little at CERTAIN, and at UNCERTAIN as much as the embedding.
    """
    if places is not None:
        texts = [f"{place} {place} {text}" for place, text in zip(places, texts, strict=True)]
    lexical = _lexical(texts, seed)
    if lexical is None:
        return None
    said = np.array([len(text.split()) for text in texts]) / WORDS_FOR_SHARE
    long = np.minimum(said, 1)
    doubt = min(1, max(0, (CERTAIN - certainty) / (CERTAIN - UNCERTAIN)))
    return np.sqrt(WORD_SHARE * long + doubt * (1 - long))[:, None] * lexical


def concat_features(vectors: Floats, lexical: NDArray[np.float64] | None) -> Floats:
    """Return embeddings (n, d), centred, beside word_vectors() (n, words): rows of length 1 as
    multiples of GRID."""
    if lexical is None:
        return center(vectors)
    mean = vectors.mean(0, dtype=np.float64)

    def beside(rows: Floats, words: NDArray[np.float64]) -> Floats:
        return on_grid(_unit(np.hstack([_unit(rows - mean), words])))

    return row_by_row(beside, vectors, lexical)


def remove_source_effect(
    vectors: Floats, sources: Sequence[str], label: NDArray[np.integer]
) -> Floats:
    """Return embeddings (n, d) less what posts of one source have in common whatever their topic.

    sources: (n,) names. label: (n,) a first clustering, by which topic and source are told apart:
    each vector is its cluster's mean, plus its source's offset, plus what is its own (the two
    factors of an analysis of variance, fitted in turns; batch effects of cells are taken out in
    this way, Korsunsky et al. 2019). A source that a cluster is made of has no offset from it.
    """
    n, d = vectors.shape
    names, source = np.unique(np.asarray(sources), return_inverse=True)
    by_source = sp.csr_matrix((np.ones(n), (source, np.arange(n))))
    by_cluster = sp.csr_matrix((np.ones(n), (label, np.arange(n))))
    of_source = np.asarray(by_source.sum(1)) + SOURCE_PRIOR
    of_cluster = np.maximum(np.asarray(by_cluster.sum(1)), 1)
    # Sums are all that the turns need of the vectors, and how many of a cluster are of a source.
    sums, both = matmul(by_cluster, vectors), by_cluster @ by_source.T
    total, offset = matmul(by_source, vectors), np.zeros((len(names), d))
    for _ in range(SOURCE_TURNS):
        means = (sums - both @ offset) / of_cluster
        offset = (total - both.T @ means) / of_source
    return row_by_row(lambda rows, of: _unit(rows - offset[of]), vectors, source)


def smooth_on_graph(points: Floats, graph: sp.csr_matrix) -> Floats:
    """Return points (n, d) after SMOOTHING_STEPS to the mean of their neighbours on the graph, less
    their mean, with length 1, as multiples of GRID."""
    stay = sp.diags(graph.max(axis=1).toarray().ravel())
    step = normalize(graph + stay, norm="l1").astype(np.float64)
    # Blocks of columns are smoothed twice, for their share of the lengths and then for themselves:
    # smoothing is cheap, and all columns in float64 would be the most that a build ever holds.
    blocks = list(column_blocks(points))
    squares, part = np.zeros(len(points)), None
    for some in blocks:
        part = _smoothed(step, points[:, some])
        squares += (part**2).sum(1)
    lengths = np.sqrt(squares)[:, None]
    smoothed = np.empty(points.shape, np.float32)
    for some in reversed(blocks):  # the last one is at hand: few points are one block
        part = _smoothed(step, points[:, some]) if part is None else part
        smoothed[:, some], part = on_grid(_scaled(part, lengths)), None
    return smoothed


def _smoothed(step: sp.csr_matrix, points: Floats) -> NDArray[np.float64]:
    """Return some columns of all points smoothed, less their mean."""
    part = points.astype(np.float64)
    for _ in range(SMOOTHING_STEPS):
        part = step @ part
    return part - part.mean(0)


def neighbour_graph(points: Floats, seed: int = 0) -> tuple[sp.csr_matrix, Floats]:
    """Return the graph of each point's nearest, NEIGHBOURS from 400 points on, and how near.

    points: (n, d) rows of length 1. The graph is symmetric, (n, n), weighted by cosine; the second
    value is (n,), the mean cosine to the neighbours, 0 for a point that is alone. Of equally near
    points the earlier is taken. Up to MAX_EXACT points neighbours are exact. Beyond, they are
    looked for in the PROBES nearest cells of a k-means partition (inverted file, Jegou, Douze and
    Schmid 2011).
    """
    n = len(points)
    k = min(n - 1, max(MIN_NEIGHBOURS, min(NEIGHBOURS, round(np.sqrt(n) / 2))))
    if k < 1:
        return sp.csr_matrix((n, n), dtype=np.float64), np.zeros(n, np.float32)
    if not _is_on_grid(points):  # features are, and need no second copy
        points = row_by_row(on_grid, points)
    found, cosine = _exact(points, k) if n <= MAX_EXACT else _in_cells(points, k, seed)
    rows = np.repeat(np.arange(n), k)
    edges = (np.maximum(cosine, 0).astype(np.float64).ravel(), (rows, found.ravel()))
    graph = sp.csr_matrix(edges, (n, n))
    return graph.maximum(graph.T).tocsr(), cosine.mean(1)


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    vectors = vectors.astype(np.float64)
    return _scaled(vectors, np.sqrt((vectors**2).sum(1, keepdims=True)))


def _scaled(vectors: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows over their lengths (n, 1); of next to no length they become 0."""
    return np.where(lengths > 1e-6, vectors / np.maximum(lengths, 1e-6), 0)


def on_grid(vectors: NDArray[np.floating]) -> Floats:
    """Return the vectors as multiples of GRID: float32 adds their products without rounding."""
    return (np.round(vectors / GRID) * GRID).astype(np.float32)


def _is_on_grid(points: Floats) -> bool:
    blocks = (points[rows] for rows in row_blocks(*points.shape))
    return all(np.array_equal(on_grid(block), block) for block in blocks)


@lru_cache(100_000)  # words of a text come back, and so do texts
def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _lexical(texts: Sequence[str], seed: int) -> NDArray[np.float64] | None:
    """Return TF-IDF reduced by SVD, or None when the texts share too few words."""
    n = len(texts)
    chosen = np.arange(n)
    if n > MAX_FIT:
        chosen = np.sort(np.random.default_rng(seed).choice(n, MAX_FIT, replace=False))
    reader = TfidfVectorizer(
        analyzer=_terms, sublinear_tf=True, min_df=2, max_df=0.3, max_features=50_000
    )
    try:
        fitted = reader.fit_transform([texts[i] for i in chosen])
    except ValueError:  # no word is in two texts, or each is in nearly all
        return None
    size = min(80, max(20, n // 9), min(fitted.shape) - 1)
    if size < 2:
        return None
    reduce = TruncatedSVD(size, random_state=seed).fit(fitted)
    every = fitted if n <= MAX_FIT else reader.transform(texts)
    return _unit(reduce.transform(every))


def _terms(text: str) -> list[str]:
    single = words(text)
    return single + [f"{a} {b}" for a, b in pairwise(single)]


def _exact(points: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
    n = len(points)
    found, cosine = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for rows in np.array_split(np.arange(n), n * n // MAX_BLOCK + 1):
        found[rows], cosine[rows] = _best(points, rows, np.arange(n), k)
    return found, cosine


def _in_cells(points: Floats, k: int, seed: int) -> tuple[NDArray[np.int64], Floats]:
    n = len(points)
    # Where cells end is of no weight: several are searched.
    cell_of = partition(points, n // CELL, seed=seed, minibatch_starts=1)
    order = np.argsort(cell_of, kind="stable")
    cells = int(cell_of.max()) + 1
    edges = np.searchsorted(cell_of[order], np.arange(cells + 1))
    sums = sp.csr_matrix((np.ones(n), (cell_of, np.arange(n))), shape=(cells, n)) @ points
    centers = on_grid(_unit(sums))
    near = np.argsort(-(centers @ centers.T), axis=1, kind="stable")
    found, cosine = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    for cell, around in enumerate(near[:, :PROBES]):
        mine = order[edges[cell] : edges[cell + 1]]
        others = np.sort(np.concatenate([order[edges[c] : edges[c + 1]] for c in around]))
        wanted = min(k, len(others) - 1)
        for rows in np.array_split(mine, len(mine) * len(others) // MAX_BLOCK + 1):
            # A point without enough company is its own neighbour at cosine 0, which is no edge.
            found[rows], cosine[rows] = rows[:, None], 0
            if wanted > 0 and len(rows):
                best, score = _best(points, rows, others, wanted)
                found[rows, :wanted], cosine[rows, :wanted] = best, score
    return found, cosine


def _best(
    points: Floats, rows: NDArray[np.int64], others: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], Floats]:
    """Return the k nearest of `others` to each of `rows`, which are among them, less itself."""
    score = points[rows] @ points[others].T
    score[np.arange(len(rows)), np.searchsorted(others, rows)] = -2.0
    # A whole number each, and no two of a row the same: so what is taken depends on no library's
    # way with equal numbers.
    rank = (score / GRID**2).astype(np.int64) * len(others) - np.arange(len(others))
    best = np.argpartition(-rank, k - 1, axis=1)[:, :k]
    return others[best], np.take_along_axis(score, best, 1)
