"""Names for topics: the words that many posts of a topic have and few others.

The share of a topic's posts that have a word, times the logarithm of how rare it is among all: the
class-based TF-IDF of BERTopic (Grootendorst 2022), by posts instead of by counts.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from assay.mining.summarize import STOP_WORDS

WORDS = 4
MAX_CHARACTERS = 2_000  # of a text that count
_WORD = re.compile(r"[^\W\d_][\w+#.-]*[\w+#]")


def name_topics(texts: Sequence[str], members: Sequence[NDArray[np.int64]]) -> list[str]:
    """Return a name for each topic, its WORDS most telling words with commas between.

    texts: of all posts. members: for each topic the rows of its posts, the most central first. Of
    equally telling words the earlier in the alphabet comes first; "" where no word is.
    """
    every = Counter(word for text in texts for word in _words(text))
    names = []
    for rows in members:
        own = Counter(word for row in rows for word in _words(texts[row]))
        score = {
            word: round(count / len(rows) * np.log(1 + len(texts) / every[word]), 9)
            for word, count in own.items()
            if count > 1 or len(rows) == 1
        }
        best = sorted(score, key=lambda word: (-score[word], word))
        names.append(", ".join(best[:WORDS]))
    return names


def _words(text: str) -> set[str]:
    found = {word.lower() for word in _WORD.findall(text[:MAX_CHARACTERS])}
    return {word for word in found if word not in ENGLISH_STOP_WORDS and word not in STOP_WORDS}
