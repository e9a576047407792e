"""Texts as word pieces, and word pieces as batches of about equal work.

A text is padded to the next length of a fixed ladder, whatever else is in the call: its vector then
does not depend on its neighbours, and the engines meet few shapes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from assay.mining.embed.model import MAX_PIECES

# 256 pieces of English are about 1,200 characters: nearly every text is decided by its beginning.
FIRST_LOOK = 2048
# Blobs, blanks and walls of symbols may need more; what is still further on is not looked at.
MAX_CHARACTERS = 65_536
# WordPiece makes [UNK] of words over 100 characters, so a cut word reaches no further back.
_CUT_WORD = 128


@dataclass(frozen=True)
class Batch:
    """rows: places in the call, (b,). ids: word pieces, (b, length) int32, zeros behind the end.
    lengths: pieces of each row, (b,) int32, at most `length`."""

    rows: NDArray[np.int64]
    ids: NDArray[np.int32]
    lengths: NDArray[np.int32]


class Pieces:
    """Cuts texts as sentence-transformers does: at most MAX_PIECES with [CLS] and [SEP]."""

    def __init__(self, folder: Path) -> None:
        """Read tokenizer.json of the folder; its own truncation (128) and padding are not used."""
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=MAX_PIECES)

    def of(self, texts: list[str]) -> list[list[int]]:
        """Return the ids of each text's pieces, the same as without any cap on characters.

        A text over FIRST_LOOK characters is cut there; when its pieces reach near the cut, it is
        read again up to MAX_CHARACTERS, behind which nothing counts.
        """
        return [pieces.ids for pieces in self._encoded(texts)]

    def reach(self, texts: list[str]) -> list[int]:
        """Return how many characters of each text its pieces come from, at most MAX_CHARACTERS."""
        return [
            pieces.offsets[-2][1]
            if len(pieces.ids) == MAX_PIECES
            else min(len(text), MAX_CHARACTERS)
            for text, pieces in zip(texts, self._encoded(texts), strict=True)
        ]

    def _encoded(self, texts: list[str]) -> list[Encoding]:
        found = self._tokenizer.encode_batch([text[:FIRST_LOOK] for text in texts])
        for place, pieces in enumerate(found):
            if len(texts[place]) > FIRST_LOOK and _depends_on_the_cut(pieces):
                # One at a time: few, and each may be large.
                found[place] = self._tokenizer.encode(texts[place][:MAX_CHARACTERS])
        return found

    def batches(self, texts: list[str], tokens: int) -> Iterator[Batch]:
        """Yield all texts in batches of one padded length and about `tokens` pieces, long first."""
        ids = self.of(texts)
        alike: dict[int, list[int]] = defaultdict(list)
        for row, pieces in enumerate(ids):
            alike[padded(len(pieces))].append(row)
        for length in sorted(alike, reverse=True):
            rows, step = alike[length], max(1, tokens // length)
            for start in range(0, len(rows), step):
                yield _batch(rows[start : start + step], ids, length)


def padded(pieces: int) -> int:
    """Return the length to which so many pieces are padded: steps of 4, from 32 of 8, 128 of 16."""
    step = 4 if pieces <= 32 else 8 if pieces <= 128 else 16
    return pieces + -pieces % step


def _depends_on_the_cut(pieces: Encoding) -> bool:
    full = len(pieces.ids) == MAX_PIECES
    return not full or pieces.offsets[-2][1] > FIRST_LOOK - _CUT_WORD


def _batch(rows: list[int], ids: list[list[int]], length: int) -> Batch:
    lengths = np.array([len(ids[row]) for row in rows], np.int32)
    table = np.zeros((len(rows), length), np.int32)  # [PAD] is 0
    table[np.arange(length) < lengths[:, None]] = np.concatenate([ids[row] for row in rows])
    return Batch(np.array(rows), table, lengths)
