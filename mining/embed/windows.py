"""Texts that are longer than what the model reads at once: read in windows, one after another.

    vectors, unread = embed_whole(texts, engine, cache)

Nearly all posts have one window and the vector of that. The vector of one that has more is a mean
in which a window counts the more, the more it is like the title, and the title itself is added: a
long post tells what happened before, quotes and lists, and somewhere it says what is wrong.
docs/decisions/embedding-engines.md has what was compared.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from assay.mining.embed.cache import MOST_WINDOWS, text_hash, window_hash
from assay.mining.embed.engine import (
    Cache,
    Compute,
    Engine,
    Report,
    Vectors,
    as_list,
    clean,
    embed_cached,
    embed_here,
)

log = logging.getLogger(__name__)

# A word piece has at least one character, so a text of so many is read whole by any model of note.
ALWAYS_READ = 120


# How much more a window counts that is more like the title: by exp(SHARPNESS * cosine).
SHARPNESS = 8.0
TITLE_SHARE = 0.7  # what the title counts beside the mean of all windows
LEAST = 1e-3
TITLE_CHARACTERS = 200  # of the first line


@dataclass(frozen=True)
class Windows:
    """texts: the windows of all texts, one text after another. first: where those of each text
    begin, (n + 1,). unread: characters behind the last window of each text, (n,)."""

    texts: list[str]
    first: NDArray[np.int64]
    unread: NDArray[np.int64]


def embed_whole(
    texts: list[str] | pa.Array | pa.ChunkedArray,
    engine: Engine,
    cache: Cache,
    report: Report = log.info,
    compute: Compute = embed_here,
) -> tuple[Vectors, NDArray[np.int64]]:
    """Return a vector of each whole text, (n, dimension) of length 1, and what was not read, (n,).

    texts: title, a line end, and the rest. One that the model reads at once has the vector that
    embed_cached() gives it. What was not read are characters behind MOST_WINDOWS windows. compute:
    who computes windows and titles, as for embed_cached(). Raises what embed_cached() raises.
    """
    texts = as_list(texts)
    cut = cut_into_windows(texts, engine)
    places, keys = list(cut.texts), [""] * len(cut.texts)
    titles: dict[int, int] = {}  # of long texts: where the title stands among the places
    for row, text in enumerate(texts):
        first, end = cut.first[row], cut.first[row + 1]
        if end - first == 1:
            keys[first] = text_hash(text)
            continue
        keys[first:end] = [window_hash(text, number) for number in range(1, end - first + 1)]
        titles[row] = len(places)
        places.append(text.partition("\n")[0][:TITLE_CHARACTERS])
        keys.append(window_hash(text, 0))
    vectors = embed_cached(places, engine, cache, hashes=keys, report=report, compute=compute)
    found = vectors[cut.first[:-1]]
    for row, title in titles.items():
        found[row] = _mean(vectors[cut.first[row] : cut.first[row + 1]], vectors[title])
    return found, cut.unread


def _mean(windows: Vectors, title: Vectors) -> Vectors:
    """Return the mean of windows, each by its likeness to the title, and the title, of length 1."""
    exact = windows.astype(np.float64)
    # Summed along one axis: what a product of matrices adds up first depends on threads.
    weights = np.exp(SHARPNESS * (exact * title).sum(axis=1))
    mean = (exact * weights[:, None]).sum(axis=0)
    mean = mean / max(_length(mean), LEAST * weights.sum()) + TITLE_SHARE * title
    # What cancels out says nothing: then the first window, which has the title, speaks alone.
    return (mean / _length(mean) if _length(mean) > LEAST else windows[0]).astype(np.float32)


def _length(vector: NDArray[np.float64]) -> float:
    return float(np.sqrt((vector * vector).sum()))


def cut_into_windows(texts: list[str], engine: Engine) -> Windows:
    """Return the windows of all texts: at a blank where the last half of a window has one."""
    parts: list[list[str]] = [[] if len(text) > ALWAYS_READ else [text] for text in texts]
    rest = {place: text for place, text in enumerate(texts) if len(text) > ALWAYS_READ}
    for _ in range(MOST_WINDOWS):
        reached = engine.reach([clean(text) for text in rest.values()]) if rest else []
        for (place, text), reach in zip(list(rest.items()), reached, strict=True):
            end = _end(text, reach)
            parts[place].append(text[:end])
            if text[end:].strip():
                rest[place] = text[end:]
            else:
                del rest[place]
    unread = np.zeros(len(texts), np.int64)
    unread[list(rest)] = [len(text) for text in rest.values()]
    first = np.cumsum([0, *map(len, parts)])
    return Windows([window for some in parts for window in some], first, unread)


def _end(text: str, reach: int) -> int:
    """Return where the first window of a text ends, of which the model reads `reach` characters."""
    if reach >= len(text):
        return len(text)
    blank = max(text.rfind(mark, reach // 2, reach) for mark in (" ", "\n", "\t"))
    return blank + 1 if blank > 0 else max(1, reach)
